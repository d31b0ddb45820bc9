"""What programs of one's own ask pose_node with; installed as foundation_perception.client too."""
