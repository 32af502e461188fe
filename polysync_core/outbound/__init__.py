"""How Polysync reaches and signs in to other services: what platforms and vaults share."""
