"""What there is to judge: refs files, items, image decoding and crops, box geometry."""
