// Runs before the first paint: sets the theme that the person has chosen.
try { document.documentElement.dataset.theme = localStorage.getItem('polysync-theme') || 'auto' } catch {}
