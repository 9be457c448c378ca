"""A value for each part of an address, so that the laws can ask for every page."""

SAMPLES = {
    "deed": "endorse",
    "direction": "need",
    "public_id": "bcdfghjkmn",
    "text_lang": "de",
    "step": "withdraw",
    "scheme": "ipc",
    "filename": "img/favicon.svg",
    "file_id": "bcdfghjkmn",
    "person_id": "bcdfghjkmn",
    "invitation_id": "bcdfghjkmn",
    "handle": "0123456789abcdef",
    "token": "unsigned.token",
    "number": 1,
    "name": "funnel",
    "reason": "too_early",
}
