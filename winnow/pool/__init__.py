"""What there is to judge: refs files, items, image decoding and crops, box geometry."""

from winnow.pool.boxes import Box, clip_box, context_view
from winnow.pool.images import image_size, load_image
from winnow.pool.pool import Item, Pool, open_pool
from winnow.pool.views import View, render_view

__all__ = [
    "Box",
    "Item",
    "Pool",
    "View",
    "clip_box",
    "context_view",
    "image_size",
    "load_image",
    "open_pool",
    "render_view",
]
