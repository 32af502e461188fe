"""What the platforms of Azure share: clouds, resources, signing in, refusals and pages."""
