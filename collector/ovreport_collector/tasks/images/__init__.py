"""What tasks of images share: reading, cropping and preprocessing images, boxes, COCO's metric."""
