"""Protected objects (УТО): the live register, who is near, whom to call."""

from service.protected_objects.contacts import contacts
from service.protected_objects.near import object_near, object_of_camera

__all__ = ["contacts", "object_near", "object_of_camera"]
