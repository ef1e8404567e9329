"""Pictures that are decoded at once: PNG, JPEG, BMP, GIF, WebP and JPEG 2000."""
