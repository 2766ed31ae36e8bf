"""``python -m voice_assets.cli``: the command ``voice-assets``."""

from voice_assets.cli.main import main

main()
