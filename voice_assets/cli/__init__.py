"""The command ``voice-assets``: one file a group of commands, and what they print. Decides nothing about voices."""
