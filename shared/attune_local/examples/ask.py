"""Ask the model that serves now: resolve the alias, and send a recording with the prompt of its training.

python -m attune_local.examples.ask ALIAS RECORDING    with the variables that `make local` prints, or in a cloud
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from google import genai
from google.genai.types import GenerateContentConfig, Part, ThinkingConfig

from attune.alias import Served, resolve
from attune.domain.names import AUDIO_ENDINGS


def client_for(served: Served) -> genai.Client:
    """A client where the endpoint is; or of the stand-in, where ATTUNE_VERTEX_ENDPOINT names one.

    It takes the project from GOOGLE_CLOUD_PROJECT, and the credentials as every client of Google's does.
    """
    local = os.environ.get("ATTUNE_VERTEX_ENDPOINT", "")
    if local.startswith("http://"):
        return genai.Client(vertexai=True, api_key="local", http_options={"base_url": local})
    return genai.Client(vertexai=True, location=served.location)


def ask(client: genai.Client, served: Served, recording: bytes, mime_type: str, thinking: int | None = 0) -> str:
    """What the model makes of a recording, asked as its rows asked: same words, same order, same instruction.

    A tuned model does best when it does not think (`thinking` in tokens): some think at least a little, and want 128 or
    None, which leaves it to them. A request may have 20 MB; a larger recording goes as `Part.from_uri("gs://…")`.
    """
    sound, prompt = Part.from_bytes(data=recording, mime_type=mime_type), Part.from_text(text=served.prompt)
    parts = [prompt, sound] if served.row_format == "inline_data" else [sound, prompt]
    config = GenerateContentConfig(
        system_instruction=served.system_instruction,
        thinking_config=None if thinking is None else ThinkingConfig(thinking_budget=thinking),
    )
    answer = client.models.generate_content(model=served.endpoint, contents=[*parts], config=config)
    return answer.text or ""


def main(alias: str, recording: Path) -> None:
    """Prints what the model behind the alias makes of a recording."""
    served = resolve(alias)
    with client_for(served) as client:
        print(ask(client, served, recording.read_bytes(), AUDIO_ENDINGS[recording.suffix.lower()]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
