/*
 * The script of the console. Every page works without it; the script makes pages quicker to use.
 *
 * There is no framework and no build, and nothing needs eval. The page says by attributes what
 * the script shall do:
 *
 *   data-theme-toggle            a button: change between light and dark
 *   data-copy="text"             a button: copy the text; data-copy-from="id" copies an element
 *   data-open="id"               a link or button: open the dialog; data-close closes its dialog
 *   data-modal                   a <dialog open> of the server: show it as a modal one
 *   data-jump                    a button: open the dialog #jump; data-source of its field answers
 *   data-single-keys             a checkbox: single keys on or off
 *   data-duration="time"         count the duration since this time
 *   <time data-relative>         keep "3 min ago" right
 *   <time data-clock datetime>   write the time in the zone of <select data-zones>:
 *                                utc, mine or schedule (data-zone); data-clock="time" omits the date
 *   <nav data-tabs>              links ?tab=name with aria-controls: show one panel at a time
 *   <tr data-url>                in .rows: j and k walk, Enter opens; data-ext, data-id, data-why
 *   data-choose-all              a checkbox: choose all rows; data-chosen shows their number;
 *                                [data-needs-chosen] is disabled until a row is chosen
 *   <form data-guard>            ask before typed values are lost, keep them over a sign-in;
 *                                data-changes inside shows the number of changes
 *   data-auto-submit             a form of filters: submit on change
 *   data-read-into="id"          a file field: put the text of the file into a text area
 *   <a data-line data-column>    in a link to a text area: put the cursor there
 *   data-live                    a button: stop and start the streams of the page
 *   hx-sse:connect, data-look    a stream; after its event "idle" the address is looked at
 *   data-connect, data-look      the same, but the page is idle already: it shows data-tag
 */
(() => {
  'use strict'

  const $ = (selector, root = document) => root.querySelector(selector)
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
  const on = (type, react, options) => document.addEventListener(type, react, options)
  const clicked = (selector, react) => on('click', event => {
    const element = event.target.closest?.(selector)
    if (element) react(element, event)
  })

  // Storage may be forbidden; then nothing is kept.
  const kept = (storage, key) => { try { return storage.getItem(key) } catch { return null } }
  const keep = (storage, key, value) => {
    try { value === null ? storage.removeItem(key) : storage.setItem(key, value) } catch {}
  }

  // Tell screen readers what the person's own action did.
  const say = text => { const region = $('#announcements'); if (region) region.textContent = text }

  const enhancements = []
  const enhance = react => enhancements.push(react)
  const enhanceAll = () => { for (const react of enhancements) react() }

  /* theme ------------------------------------------------------------------------------------- */

  clicked('[data-theme-toggle]', () => {
    const root = document.documentElement
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
    const now = ['light', 'dark'].includes(root.dataset.theme) ? root.dataset.theme : system
    root.dataset.theme = now === 'dark' ? 'light' : 'dark'
    keep(localStorage, 'polysync-theme', root.dataset.theme)
    say(root.dataset.theme === 'dark' ? 'Dark colours' : 'Light colours')
  })

  /* copy -------------------------------------------------------------------------------------- */

  const copy = async text => {
    try { await navigator.clipboard.writeText(text); say('Copied') }
    catch { say('The browser does not allow copying here') }
  }
  clicked('[data-copy]', button => copy(button.dataset.copy))
  clicked('[data-copy-from]', button => {
    const source = document.getElementById(button.dataset.copyFrom)
    if (source) copy(source.value ?? source.textContent)
  })

  /* dialogs ----------------------------------------------------------------------------------- */

  const show = dialog => { if (dialog && !dialog.open) dialog.showModal() }
  clicked('[data-open]', (opener, event) => {
    const dialog = document.getElementById(opener.dataset.open)
    if (!dialog) return
    event.preventDefault()
    show(dialog)
  })
  clicked('[data-close]', (button, event) => {
    const dialog = button.closest('dialog')
    if (!dialog) return
    event.preventDefault()
    dialog.close()
  })
  on('click', event => { if (event.target.matches?.('dialog')) event.target.close() })
  enhance(() => {
    for (const dialog of $$('dialog[open][data-modal]')) {
      if (dialog.matches(':modal')) continue
      dialog.close()
      dialog.showModal()
    }
  })

  /* times and durations: one timer for the page -------------------------------------------------- */

  // The clock of the server: <html data-now>. A clock of the browser that is wrong does no harm.
  const served = Date.parse(document.documentElement.dataset.now ?? '')
  const offset = Number.isNaN(served) ? 0 : served - Date.now()
  const clock = () => Date.now() + offset
  const two = number => String(Math.floor(number)).padStart(2, '0')
  const span = seconds => {
    const s = Math.max(0, seconds)
    if (s < 60) return `${s.toFixed(1)} s`
    if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`
    if (s < 172800) return `${Math.floor(s / 3600)} h ${two(s % 3600 / 60)} min`
    return `${Math.floor(s / 86400)} d ${two(s % 86400 / 3600)} h`
  }
  const UNITS = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']]
  const ago = seconds => {
    const size = Math.abs(seconds)
    const [unit, name] = UNITS.find(([least]) => size >= least) ?? [1, 's']
    const text = `${Math.floor(size / unit)} ${name}`
    return seconds < 0 ? `in ${text}` : `${text} ago`
  }
  const write = (element, text) => { if (element.textContent !== text) element.textContent = text }
  const tell = () => {
    if (document.hidden) return
    const now = clock()
    for (const element of $$('[data-duration]')) {
      write(element, span((now - Date.parse(element.dataset.duration)) / 1000))
    }
    for (const element of $$('time[data-relative]')) {
      write(element, ago((now - Date.parse(element.dateTime)) / 1000))
    }
  }
  setInterval(tell, 500)
  on('visibilitychange', tell)

  /* zones --------------------------------------------------------------------------------------- */

  const zoneOf = (choice, element) =>
    choice === 'mine' ? undefined : choice === 'schedule' ? element.dataset.zone ?? 'UTC' : 'UTC'
  const written = (element, choice) => {
    const date = { year: 'numeric', month: '2-digit', day: '2-digit' }
    const time = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' }
    const parts = element.dataset.clock === 'time' ? time : { ...date, ...time }
    const format = new Intl.DateTimeFormat('sv-SE', { ...parts, timeZone: zoneOf(choice, element) })
    return format.format(new Date(element.dateTime))
  }
  const writeZones = () => {
    const choice = kept(localStorage, 'polysync-zone')
    if (!choice) return
    for (const select of $$('select[data-zones]')) select.value = choice
    for (const element of $$('time[data-clock]')) write(element, written(element, choice))
  }
  on('change', event => {
    if (!event.target.matches('select[data-zones]')) return
    keep(localStorage, 'polysync-zone', event.target.value)
    writeZones()
  })
  enhance(writeZones)

  /* tabs, by the pattern of the ARIA Authoring Practices ------------------------------------------- */

  const panelOf = tab => document.getElementById(tab.getAttribute('aria-controls'))
  const tabsOf = list => $$('a[aria-controls]', list)
  const choose = tab => {
    for (const other of tabsOf(tab.closest('[data-tabs]'))) {
      const chosen = other === tab
      other.setAttribute('aria-selected', String(chosen))
      other.removeAttribute('aria-current')
      other.tabIndex = chosen ? 0 : -1
      const panel = panelOf(other)
      if (panel) panel.hidden = !chosen
    }
    const address = new URL(location.href)
    const name = new URL(tab.href).searchParams.get('tab')
    address.searchParams.set('tab', name)
    for (const field of $$('input[name="~tab"]')) field.value = name
    history.replaceState(history.state, '', address)
    dispatchEvent(new Event('resize'))
  }
  // Other links of the list are no tabs and stay outside of the tablist.
  const group = (list, tabs) => {
    if ($('[role=tablist]', list)) return
    const element = document.createElement('div')
    element.setAttribute('role', 'tablist')
    element.setAttribute('aria-label', list.getAttribute('aria-label') ?? '')
    tabs[0].before(element)
    element.append(...tabs)
  }
  const first = tabs => {
    const asked = new URLSearchParams(location.search).get('tab')
    return tabs.find(tab => panelOf(tab)?.querySelector('[aria-invalid=true]'))
      ?? tabs.find(tab => new URL(tab.href).searchParams.get('tab') === asked)
      ?? tabs.find(tab => tab.hasAttribute('aria-current'))
      ?? tabs[0]
  }
  enhance(() => {
    for (const list of $$('[data-tabs]')) {
      const tabs = tabsOf(list)
      if (!tabs.length) continue
      group(list, tabs)
      for (const tab of tabs) {
        tab.setAttribute('role', 'tab')
        panelOf(tab)?.setAttribute('role', 'tabpanel')
        panelOf(tab)?.setAttribute('aria-labelledby', tab.id)
        const [count, number] = [$('.count:not(.changed, .error)', tab), panelOf(tab)?.dataset.count]
        if (count && number) write(count, number)
      }
      // The server may have sent the panels again; then the chosen tab stays.
      choose(tabs.find(tab => tab.ariaSelected === 'true') ?? first(tabs))
    }
  })
  clicked('[data-tabs] a[aria-controls]', (tab, event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    choose(tab)
  })
  on('keydown', event => {
    const tab = event.target.closest?.('[data-tabs] a[role=tab]')
    if (!tab) return
    const tabs = tabsOf(tab.closest('[data-tabs]'))
    const at = tabs.indexOf(tab)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = tabs[(to + tabs.length) % tabs.length]
    choose(next)
    next.focus()
  })
  // A link to a field in a hidden panel, as in the summary of errors, shows the panel first.
  clicked('a[href^="#"]', link => {
    const field = document.getElementById(decodeURIComponent(link.hash.slice(1)))
    const panel = field?.closest('[role=tabpanel]')
    const tab = panel && $(`[role=tab][aria-controls="${CSS.escape(panel.id)}"]`)
    if (tab) choose(tab)
    field?.closest('details')?.setAttribute('open', '')
    if (field?.matches('input, select, textarea')) field.focus()
  })

  /* jump ------------------------------------------------------------------------------------------ */

  let found = []
  let at = 0
  let asked = 0
  const pages = () => $$('.side li a').map(link =>
    ({ text: link.textContent.trim(), url: link.getAttribute('href'), kind: 'Page' }))
  const paint = () => {
    $('#jump-results').replaceChildren(...found.map((entry, index) => {
      const item = document.createElement('li')
      const name = document.createElement('span')
      const kind = document.createElement('small')
      item.role = 'option'
      item.id = `jump-${index}`
      item.ariaSelected = String(index === at)
      name.textContent = entry.text
      kind.textContent = entry.kind
      item.append(name, kind)
      item.addEventListener('click', () => location.assign(entry.url))
      return item
    }))
    const field = $('#jump-query')
    field.ariaExpanded = String(found.length > 0)
    if (found.length) field.setAttribute('aria-activedescendant', `jump-${at}`)
    else field.removeAttribute('aria-activedescendant')
    document.getElementById(`jump-${at}`)?.scrollIntoView({ block: 'nearest' })
  }
  const matches = async text => {
    const address = new URL($('#jump-query').dataset.source, location.href)
    address.searchParams.set('q', text)
    const answer = await fetch(address, { headers: { Accept: 'application/json' } })
    return answer.ok ? answer.json() : []
  }
  const search = async text => {
    const mine = ++asked
    const wanted = text.trim().toLowerCase()
    const own = pages().filter(page => page.text.toLowerCase().includes(wanted))
    const answer = wanted ? await matches(wanted).catch(() => own) : own
    if (mine !== asked) return
    found = answer
    at = 0
    paint()
  }
  const openJump = () => {
    const dialog = $('#jump')
    if (!dialog || dialog.open) return
    dialog.showModal()
    $('#jump-query').value = ''
    search('')
  }
  let pause
  clicked('[data-jump]', (link, event) => { event.preventDefault(); openJump() })
  on('input', event => {
    if (event.target.id !== 'jump-query') return
    clearTimeout(pause)
    pause = setTimeout(() => search(event.target.value), 120)
  })
  on('keydown', event => {
    if (event.target.id !== 'jump-query') return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && found.length) {
      at = (at + step + found.length) % found.length
      paint()
      event.preventDefault()
    }
    if (event.key === 'Enter' && found[at] && found[at].url) {
      event.preventDefault()
      location.assign(found[at].url)
    }
  })

  /* rows: walk, choose ------------------------------------------------------------------------------ */

  // The row that the keys are at and the chosen rows are known to the browser only. They are put
  // back after the server has sent new rows.
  let row = null
  const rows = () => $$('.rows tr[data-url]')
  const here = () => rows().find(line => line.id === row)
  const walk = step => {
    const lines = rows()
    if (!lines.length) return
    const now = lines.findIndex(line => line.id === row)
    const next = lines[now < 0 ? 0 : Math.min(Math.max(now + step, 0), lines.length - 1)]
    row = next.id
    markRow()
    next.scrollIntoView({ block: 'nearest' })
    $('a', next)?.focus({ preventScroll: true })
  }
  const markRow = () => { for (const line of rows()) line.classList.toggle('at', line.id === row) }
  const boxes = () => $$('.rows input[type=checkbox]:not([data-choose-all])')
  const chosen = new Set()
  let last = null
  const showChosen = () => {
    const all = boxes()
    for (const box of all) box.checked = chosen.has(box.value)
    const count = all.filter(box => box.checked).length
    for (const element of $$('[data-chosen]')) write(element, String(count))
    for (const element of $$('[data-needs-chosen]')) element.disabled = count === 0
    for (const box of $$('[data-choose-all]')) {
      box.checked = count > 0 && count === all.length
      box.indeterminate = count > 0 && count < all.length
    }
  }
  const mark = (box, value) => { value ? chosen.add(box.value) : chosen.delete(box.value) }
  on('click', event => {
    const box = event.target
    if (!boxes().includes(box)) return
    const all = boxes()
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b)
    const range = event.shiftKey && from >= 0 ? all.slice(from, to + 1) : [box]
    const value = box.checked
    for (const other of range) mark(other, value)
    last = box
    showChosen()
  })
  on('change', event => {
    if (!event.target.matches?.('[data-choose-all]')) return
    for (const box of boxes()) mark(box, event.target.checked)
    showChosen()
    say(`${chosen.size} chosen`)
  })
  enhance(() => {
    for (const box of boxes()) if (box.defaultChecked) chosen.add(box.value)
    markRow()
    showChosen()
  })

  /* keys ------------------------------------------------------------------------------------------------ */

  const PLACES = {
    r: 'runs', g: 'graph', t: 'tasks', m: 'missed', u: 'upcoming', j: 'jobs', p: 'platforms',
    l: 'limits', h: 'help',
  }
  const typing = element => element.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable]')
  const keysOn = () => kept(localStorage, 'polysync-keys') !== 'off'
  const go = place => $(`.side a[href$="/${place}"]`)?.click()
  const openElsewhere = address => open(address, '_blank', 'noopener,noreferrer')
  const ROW_KEYS = {
    o: line => line.dataset.ext && openElsewhere(line.dataset.ext),
    w: line => location.assign(line.dataset.why ?? `${line.dataset.url}#state-card`),
    x: line => $('input[type=checkbox]', line)?.click(),
    c: line => copy(line.dataset.id ?? line.id),
  }
  const KEYS = {
    '/': openJump,
    '?': () => show($('#keys')),
    j: () => walk(1),
    k: () => walk(-1),
  }
  let chord = false
  on('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
      event.preventDefault()
      return openJump()
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (!keysOn() || typing(event.target) || $('dialog[open]')) return
    if (chord) {
      chord = false
      if (PLACES[event.key]) return go(PLACES[event.key])
    }
    if (event.key === 'g') { chord = true; setTimeout(() => { chord = false }, 1500); return }
    if (KEYS[event.key]) { event.preventDefault(); return KEYS[event.key]() }
    const line = here()
    if (line && ROW_KEYS[event.key]) { event.preventDefault(); ROW_KEYS[event.key](line) }
  })
  on('change', event => {
    if (!event.target.matches?.('[data-single-keys]')) return
    keep(localStorage, 'polysync-keys', event.target.checked ? null : 'off')
    say(event.target.checked ? 'Single keys are on' : 'Single keys are off')
  })
  enhance(() => { for (const box of $$('[data-single-keys]')) box.checked = keysOn() })

  /* forms: changes, guard, values that survive a sign-in --------------------------------------------------- */

  const differs = field => {
    if (!field.name || field.type === 'hidden') return false
    if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked
    if (field.options) return [...field.options].some(option => option.selected !== option.defaultSelected)
    return 'defaultValue' in field && field.value !== field.defaultValue
  }
  const changesOf = form => [...form.elements].filter(differs)
  // A select without a default shows its first option, which is no change.
  const settle = form => {
    for (const select of $$('select:not([multiple])', form)) {
      const none = ![...select.options].some(option => option.defaultSelected)
      if (none && select.selectedOptions[0]) select.selectedOptions[0].defaultSelected = true
    }
  }
  // The server marks the fields of a draft that it has drawn again.
  const dirty = form => $('.field.changed', form) !== null || changesOf(form).length > 0
  const count = form => {
    const changes = changesOf(form)
    const marked = $$('.field.changed', form).length
    const number = Math.max(changes.length, marked)
    for (const element of $$('[data-changes]', form)) {
      const none = form.dataset.dirty === 'true' ? 'Changed' : 'No changes'
      write(element, number === 0 ? none : number === 1 ? '1 change' : `${number} changes`)
    }
    for (const tab of $$('[data-tabs] a[aria-controls]')) {
      const panel = panelOf(tab)
      if (!panel || panel.closest('form') !== form) continue
      const inside = changes.filter(field => panel.contains(field)).length
      let note = $('.count.changed', tab)
      if (!note && inside) {
        note = document.createElement('span')
        note.className = 'count changed'
        tab.append(note)
      }
      if (note) { note.hidden = !inside; write(note, `${inside} changed`) }
    }
  }
  let leaving = false
  on('input', event => {
    const form = event.target.form
    if (form?.matches('[data-guard]')) count(form)
  })
  on('change', event => {
    const form = event.target.form
    if (form?.matches('[data-guard]')) count(form)
    if (form?.matches('[data-auto-submit]') && !form.matches('[hx-get]')) form.requestSubmit()
  })
  addEventListener('beforeunload', event => {
    if (!leaving && $$('form[data-guard]').some(dirty)) event.preventDefault()
  })
  addEventListener('pageshow', () => { leaving = false })

  const DRAFT = 'polysync-draft'
  const valuesOf = form => [...form.elements]
    .filter(field => field.name && !['hidden', 'file', 'password', 'submit', 'button'].includes(field.type))
    .map(field => [field.name, field.type === 'checkbox' || field.type === 'radio' ? field.checked : field.value, field.type])
  const keepDraft = (form, over) => keep(sessionStorage, DRAFT, JSON.stringify(
    { path: location.pathname + location.search, over, values: valuesOf(form) }))
  const putBack = (form, values) => {
    const seen = new Map()
    for (const [name, value, type] of values) {
      const nth = seen.get(name) ?? 0
      seen.set(name, nth + 1)
      const field = [...form.elements].filter(element => element.name === name)[nth]
      if (!field || field.type !== type) continue
      if (typeof value === 'boolean') field.checked = value
      else field.value = value
    }
    count(form)
  }
  const restore = () => {
    const text = kept(sessionStorage, DRAFT)
    if (!text) return
    const draft = JSON.parse(text)
    const form = $('form[data-guard]')
    const returned = performance.getEntriesByType('navigation')[0]?.type === 'back_forward'
    if ($('.sign-in')) return keep(sessionStorage, DRAFT, JSON.stringify({ ...draft, over: true }))
    if (form && draft.path === location.pathname + location.search && (draft.over || returned)) {
      putBack(form, draft.values)
      say('What you typed before is here again')
    }
    if (form || !draft.over) keep(sessionStorage, DRAFT, null)
  }
  on('submit', event => {
    const form = event.target
    if (event.defaultPrevented || !form.matches('[data-guard]')) return
    leaving = true
    keepDraft(form, false)
  })
  enhance(() => { for (const form of $$('form[data-guard]')) { settle(form); count(form) } })

  // A button that changes the draft sends the whole form. While an answer is under way, the next
  // button waits for it: its own request would not know the change.
  const underWay = new Set()
  const waiting = []
  const formOf = element => element?.closest?.('form')?.id
  document.addEventListener('click', event => {
    const button = event.target.closest?.('button[hx-post][name=do]')
    const form = formOf(button)
    if (!form || !underWay.has(form)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    waiting.push([form, button.value])
  }, { capture: true })
  on('htmx:before:request', event => {
    const source = event.detail.ctx.sourceElement
    if (source.matches('button[hx-post][name=do]')) underWay.add(formOf(source))
  })
  on('htmx:finally:request', event => {
    const source = event.detail.ctx.sourceElement
    if (!source.matches('button[hx-post][name=do]')) return
    underWay.clear()
    const next = waiting.shift()
    if (!next) return
    const buttons = $$('button[hx-post][name=do]', document.getElementById(next[0]) ?? document)
    buttons.find(button => button.value === next[1])?.click()
  })

  /* documents --------------------------------------------------------------------------------------------------- */

  on('change', async event => {
    const target = document.getElementById(event.target.dataset?.readInto ?? '')
    const file = event.target.files?.[0]
    if (!target || !file) return
    target.value = await file.text()
    target.dispatchEvent(new Event('input', { bubbles: true }))
    say(`${file.name} is in the text field`)
  })
  clicked('a[data-line]', (link, event) => {
    const area = document.getElementById(link.hash.slice(1))
    if (!area) return
    event.preventDefault()
    const lines = area.value.split('\n')
    const [line, column] = [Number(link.dataset.line) - 1, Number(link.dataset.column) - 1]
    const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + column
    area.focus()
    area.setSelectionRange(start, start + Math.max(1, (lines[line] ?? '').length - column))
    area.scrollTop = area.scrollHeight * line / lines.length - area.clientHeight / 3
  })

  /* answers of htmx ------------------------------------------------------------------------------------------- */

  const notice = (text, markup) => {
    const place = $('#main')
    if (!place) return
    const answered = markup && new DOMParser().parseFromString(markup, 'text/html')
    const sent = answered && $('.notice, .problem', answered)
    const box = sent ? document.importNode(sent, true) : document.createElement('div')
    if (!sent) { box.className = 'notice error'; box.textContent = text }
    box.setAttribute('role', 'alert')
    $$(':scope > [role=alert]', place).forEach(old => old.remove())
    place.prepend(box)
  }
  on('htmx:after:request', event => {
    const { response, text, sourceElement } = event.detail.ctx
    if (response.status === 401) {
      for (const form of $$('form[data-guard]')) if (dirty(form)) keepDraft(form, true)
      leaving = true
      return
    }
    if (response.status < 400 || response.status === 422 || response.status === 412) return
    event.preventDefault()
    if (!sourceElement?.matches('[data-look]')) notice(`The app answered ${response.status}. Try again.`, text)
  })
  on('htmx:error', event => {
    if (event.detail.error?.name === 'AbortError') return
    const source = event.detail.ctx?.sourceElement
    if (source?.hasAttribute('hx-sse:connect')) return late(true)
    notice('The app cannot be reached. Try again in a moment.')
  })
  let before = null
  on('htmx:before:swap', () => { before = new Set(rows().map(line => line.id)) })
  on('htmx:after:swap', () => {
    enhanceAll()
    tell()
    if (before?.size) for (const line of rows()) if (!before.has(line.id)) line.classList.add('new')
    before = null
  })

  /* streams ------------------------------------------------------------------------------------------------------ */

  // A hidden tab holds no stream. htmx closes the streams that are open when the tab is hidden, and
  // opens them again when it is shown. Here is the rest: a tab that opens in the background, or is
  // hidden while a stream is being opened. A page on which nothing can change any more looks at its
  // address after 15, 30 and then every 60 seconds, and opens its stream on a change.
  const LOOKS = [15, 30, 60]
  const connections = new Map()
  let live = kept(sessionStorage, 'polysync-live') !== 'off'
  const late = value => { for (const button of $$('[data-live]')) button.classList.toggle('late', value && live) }
  const looking = new WeakSet()
  const streams = () => $$('[hx-sse\\:connect], [data-connect]')
  const showLive = () => {
    for (const button of $$('[data-live]')) {
      button.classList.toggle('on', live)
      button.setAttribute('aria-pressed', String(live))
    }
  }
  const reopen = element => {
    if (!element.isConnected) return
    const fresh = element.cloneNode(true)
    fresh.removeAttribute('data-htmx-powered')
    if (fresh.dataset.connect) fresh.setAttribute('hx-sse:connect', fresh.dataset.connect)
    element.replaceWith(fresh)
    htmx.process(fresh)
  }
  const look = async (element, tag, turn = 0) => {
    if (turn === 0 && looking.has(element)) return
    looking.add(element)
    const wait = LOOKS[Math.min(turn, LOOKS.length - 1)] * 1000
    await new Promise(done => setTimeout(done, wait))
    if (!element.isConnected) return
    if (!live || document.hidden) return look(element, tag, Math.max(turn, 1))
    const headers = { 'HX-Request': 'true', 'If-None-Match': `"${tag}"` }
    const answer = await fetch(element.dataset.look, { headers, cache: 'no-store' }).catch(() => null)
    if (answer?.status === 200) return reopen(element)
    return look(element, tag, turn + 1)
  }
  const postponed = new Set()
  const refuse = event => {
    if (live && !document.hidden) return
    event.preventDefault()
    if (live) postponed.add(event.target)
  }
  on('htmx:before:request', event => { if (event.target.matches('[hx-sse\\:connect]')) refuse(event) })
  on('htmx:sse:before:connection', refuse)
  on('htmx:sse:after:connection', event => {
    const { connection } = event.detail
    connections.set(event.target, connection)
    // htmx opens this one again itself when the tab is shown.
    if (document.hidden) return connection.abortController.abort()
    late(false)
  })
  on('visibilitychange', () => {
    if (document.hidden) return
    const elements = [...postponed]
    postponed.clear()
    elements.forEach(reopen)
  })
  on('htmx:sse:error', () => late(true))
  on('htmx:sse:close', event => {
    connections.delete(event.target)
    const { connection, reason } = event.detail
    const element = event.target
    if (reason !== 'message' || !element.dataset?.look) return
    look(element, connection.lastEventId ?? '')
  })
  enhance(() => {
    for (const element of $$('[data-connect][data-look]')) {
      if (!element.hasAttribute('hx-sse:connect')) look(element, element.dataset.tag ?? '')
    }
  })
  clicked('[data-live]', () => {
    live = !live
    keep(sessionStorage, 'polysync-live', live ? null : 'off')
    showLive()
    dispatchEvent(new CustomEvent('polysync:live', { detail: { live } }))
    say(live ? 'The page updates by itself' : 'The page does not update')
    if (live) streams().forEach(reopen)
    else for (const connection of connections.values()) connection.reader?.cancel()
  })
  enhance(showLive)

  // Other scripts of the console, such as the one of the graph, use these.
  globalThis.polysync = { say, span, ago, clock, typing, keysOn, isLive: () => live }

  enhanceAll()
  restore()
  tell()
})()
