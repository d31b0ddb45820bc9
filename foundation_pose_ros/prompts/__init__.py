"""From words to regions of an image: names of known objects, open-vocabulary detectors, vision-language models."""
