"""How well the idle verdict finds devices that nobody uses, on a made-up region whose truth is known."""
