// Runs before the first paint: tells the style sheet that scripts run, and which theme was chosen.
document.documentElement.classList.add('scripted')
try { document.documentElement.dataset.theme = localStorage.getItem('polysync-theme') || 'auto' } catch {}
