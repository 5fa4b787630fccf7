"""A base with a discriminator is read as its right heir; test_specs.py runs this."""

from __future__ import annotations

import datetime
from typing import Any

from heirs import Began, Cat, Client, Dog, Ended, EventOther, Lion, Owner, Pet, PetOther, models
from stand_in import Answer, Server

CAT: dict[str, Any] = {"petType": "cat", "name": "c", "born": "2024-01-02"}
with (
    Server(lambda _: Answer(200, CAT)) as server,
    Client("token", base_url=server.url) as client,
):
    found: Pet = client.get_pet()
assert isinstance(found, Cat)
assert (found.name, found.born) == ("c", datetime.date(2024, 1, 2))
sent: dict[str, Any] = {
    "pet": {"petType": "Dog", "bark": "2024-01-02", "friend": CAT},
    "pets": [{"petType": one} for one in ("cat", "Lion", "Dog", "pet", "bird")],
    "maybe": None,
    "event": {"kind": "ended", "code": 1},
    "made": {"radius": 1},
    "plant": {"plantType": "Tree", "height": 1.5},
}
owner = Owner.from_dict(sent, strict=True)
assert isinstance(owner.pet, Dog)
assert isinstance(owner.pet.friend, Cat)
assert list(map(type, owner.pets or [])) == [Cat, Lion, Dog, PetOther, PetOther]
assert isinstance(owner.event, Ended)
assert isinstance(owner.made, models.Circle)
assert isinstance(owner.plant, models.Plant)
assert owner.to_dict() == sent
assert isinstance(models.event_from_dict({"kind": "began"}), Began)
assert isinstance(models.event_from_dict({"kind": "paused"}), EventOther)
assert not {"Drawing", "DrawingOther"} & set(models.__all__), "nothing but heirs refers to it"
print("all is well")
