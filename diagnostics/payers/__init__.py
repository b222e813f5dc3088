"""The payer check: devices whose payer is not the payer of their prescriber's organisation."""
