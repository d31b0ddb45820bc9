"""Training UniverSeg: tasks without end, augmentation, and a loop that runs on two cores or on many GPUs."""
