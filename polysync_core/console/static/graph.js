/*
 * The script of the graph: pan, zoom, find, highlight, and new states from the stream.
 *
 * The server draws the picture. Without this script every box is a link and the picture scrolls.
 */
(() => {
  'use strict'

  const start = svg => {
    const pane = svg.closest('.graph-pane')
    const $$ = (selector, root = pane) => [...root.querySelectorAll(selector)]
    const { say, typing, keysOn } = globalThis.polysync
    const view = pane.closest('.graph-view') ?? pane
    const [boxWidth, boxHeight] = svg.dataset.box.split(' ').map(Number)
    let width = 0
    let height = 0
    const READABLE = 0.66
    const box = task => pane.querySelector(`.world a[data-task="${CSS.escape(task)}"]`)
    const corner = link => link.firstElementChild.transform.baseVal[0].matrix
    let zoom = 1
    let left = 0
    let top = 0
    let dragged = false

    /* pan and zoom ------------------------------------------------------------------------------- */

    const draw = () => {
      svg.querySelector('.world').setAttribute('transform', `translate(${left} ${top}) scale(${zoom})`)
      pane.classList.toggle('far', zoom < 0.6)
      const frame = pane.querySelector('.minimap .viewport')
      if (!frame) return
      const place = { x: -left, y: -top, width: pane.clientWidth, height: pane.clientHeight }
      for (const [name, value] of Object.entries(place)) frame.setAttribute(name, value / zoom)
    }
    const fit = () => {
      if (!pane.clientWidth) return
      zoom = Math.min(pane.clientWidth / (width + 60), pane.clientHeight / (height + 110), 1.15)
      left = (pane.clientWidth - width * zoom) / 2
      top = (pane.clientHeight - height * zoom) / 2 + 8
      draw()
    }
    const centre = (link, least = 0.85) => {
      const { e, f } = corner(link)
      zoom = Math.max(zoom, least)
      left = pane.clientWidth / 2 - (e + boxWidth / 2) * zoom
      top = pane.clientHeight / 2 - (f + boxHeight / 2) * zoom
      draw()
    }
    const magnify = (factor, x = pane.clientWidth / 2, y = pane.clientHeight / 2) => {
      const next = Math.min(Math.max(zoom * factor, 0.08), 3)
      left = x - (x - left) * next / zoom
      top = y - (y - top) * next / zoom
      zoom = next
      draw()
    }
    // Open at a readable size, around what runs, waits or failed.
    const open = () => {
      width = Number(svg.dataset.width)
      height = Number(svg.dataset.height)
      svg.removeAttribute('viewBox')
      fit()
      if (zoom >= READABLE) return
      zoom = READABLE
      const isAsked = new URLSearchParams(location.search).has('task') || view.matches('.embedded')
      const asked = isAsked && box(svg.dataset.focus ?? '')
      if (asked) return centre(asked, READABLE)
      const hot = $$('.world a:has(.node:is(.running, .queued, .failed))').map(corner)
      const places = hot.length ? hot : [{ e: 0, f: height / 2 }]
      const mean = key => places.reduce((sum, each) => sum + each[key], 0) / places.length
      const shift = (size, room, at) => size * zoom < room
        ? (room - size * zoom) / 2 : Math.min(60, Math.max(room - size * zoom - 24, room / 2 - at * zoom))
      left = shift(width, pane.clientWidth, mean('e') + boxWidth / 2)
      top = shift(height, pane.clientHeight, mean('f') + boxHeight / 2)
      draw()
    }
    const ZOOMS = { in: () => magnify(1.3), out: () => magnify(1 / 1.3), fit }
    for (const button of $$('[data-zoom]')) button.addEventListener('click', ZOOMS[button.dataset.zoom])
    pane.addEventListener('wheel', event => {
      event.preventDefault()
      const { left: x, top: y } = pane.getBoundingClientRect()
      if (event.shiftKey) { left -= event.deltaY; draw() }
      else magnify(Math.exp(-event.deltaY / 400), event.clientX - x, event.clientY - y)
    }, { passive: false })
    svg.addEventListener('pointerdown', event => {
      if (event.button) return
      dragged = false
      const [fromX, fromY, startX, startY] = [event.clientX, event.clientY, left, top]
      const move = next => {
        const [x, y] = [next.clientX - fromX, next.clientY - fromY]
        if (!dragged && Math.hypot(x, y) > 4) {
          dragged = true
          svg.classList.add('drag')
          svg.setPointerCapture(event.pointerId)
        }
        if (dragged) { left = startX + x; top = startY + y; draw() }
      }
      const stop = () => {
        svg.classList.remove('drag')
        for (const type of ['pointermove', 'pointerup', 'pointercancel']) removeEventListener(type, type === 'pointermove' ? move : stop)
      }
      addEventListener('pointermove', move)
      addEventListener('pointerup', stop)
      addEventListener('pointercancel', stop)
    })
    svg.addEventListener('dragstart', event => event.preventDefault())
    pane.querySelector('.minimap')?.addEventListener('pointerdown', event => {
      const map = event.currentTarget.querySelector('svg').getBoundingClientRect()
      left = pane.clientWidth / 2 - (event.clientX - map.left) / map.width * width * zoom
      top = pane.clientHeight / 2 - (event.clientY - map.top) / map.height * height * zoom
      draw()
    })

    /* highlight: a Task with all that leads to it and follows it ------------------------------------ */

    const reach = (task, from, to) => {
      const ends = $$('path.edge').map(path => [path.dataset.from, path.dataset.to])
      const seen = new Set([task])
      const todo = [task]
      while (todo.length) {
        const current = todo.pop()
        for (const edge of ends) {
          if (edge[from] === current && !seen.has(edge[to])) { seen.add(edge[to]); todo.push(edge[to]) }
        }
      }
      return seen
    }
    const show = (isNear, isLine) => {
      svg.classList.add('dim')
      for (const link of $$('.world a')) link.firstElementChild.classList.toggle('near', isNear(link.dataset.task))
      for (const part of $$('[data-from]')) part.classList.toggle('near', isLine(part.dataset.from, part.dataset.to))
    }
    const highlight = task => {
      const [up, down] = [reach(task, 1, 0), reach(task, 0, 1)]
      const both = set => (from, to) => set.has(from) && set.has(to)
      show(name => up.has(name) || down.has(name), (from, to) => both(up)(from, to) || both(down)(from, to))
    }
    const rest = () => svg.classList.remove('dim')
    let timer
    svg.addEventListener('pointerover', event => {
      clearTimeout(timer)
      const link = event.target.closest('a[data-task]')
      if (!link) timer = setTimeout(rest, 80)
      else if (event.pointerType === 'mouse') timer = setTimeout(() => highlight(link.dataset.task), 120)
    })
    svg.addEventListener('focusin', event => {
      const link = event.target.closest('a[data-task]')
      if (!link?.matches(':focus-visible')) return
      highlight(link.dataset.task)
      const [inner, outer] = [link.getBoundingClientRect(), pane.getBoundingClientRect()]
      const visible = inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom
      if (!visible) centre(link, zoom)
    })
    svg.addEventListener('focusout', rest)

    /* find ------------------------------------------------------------------------------------------ */

    const field = pane.querySelector('[data-graph-find]')
    const matches = () => {
      const text = field.value.trim().toLowerCase()
      return text ? $$('.world a').filter(link => link.dataset.task.toLowerCase().includes(text)) : []
    }
    field?.addEventListener('input', () => {
      if (!field.value.trim()) return rest()
      const found = matches()
      const names = new Set(found.map(link => link.dataset.task))
      show(name => names.has(name), () => false)
      if (found.length === 1) centre(found[0])
      say(found.length === 1 ? `1 task: ${found[0].dataset.task}` : `${found.length} tasks`)
    })
    field?.form.addEventListener('submit', event => {
      const [first] = matches()
      if (!first) return
      event.preventDefault()
      centre(first)
      choose(first.dataset.task)
    })

    /* choose a Task ---------------------------------------------------------------------------------- */

    const choose = async task => {
      const panel = document.getElementById('peek')
      const address = new URL(pane.dataset.peek, location.href)
      address.searchParams.set('task', task)
      const answer = await fetch(address, { headers: { 'HX-Request': 'true' } }).catch(() => null)
      if (!answer?.ok || !panel) return location.assign(box(task)?.href.baseVal ?? location.href)
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('peek')
      panel.replaceWith(document.importNode(fresh, true))
      for (const node of $$('.node.sel')) node.classList.remove('sel')
      box(task)?.firstElementChild.classList.add('sel')
      const here = new URL(location.href)
      here.searchParams.set('task', task)
      history.replaceState(history.state, '', here)
      say(`${task} is chosen`)
    }
    svg.addEventListener('click', event => {
      const link = event.target.closest('a[data-task]')
      if (!link) return
      if (dragged) return event.preventDefault()
      if (!pane.dataset.peek || event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      choose(link.dataset.task)
    })
    document.addEventListener('click', event => {
      const link = event.target.closest?.('a[data-goto]')
      const target = link && box(link.dataset.goto)
      if (!target || !pane.dataset.peek || event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      choose(link.dataset.goto)
      centre(target)
    })

    /* layout ----------------------------------------------------------------------------------------- */

    for (const link of $$('[data-layout]')) {
      link.addEventListener('click', event => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        view.classList.toggle('stacked', link.dataset.layout === 'stacked')
        for (const other of $$('[data-layout]')) other.removeAttribute('aria-current')
        link.setAttribute('aria-current', 'true')
        const here = new URL(location.href)
        here.searchParams.set('layout', link.dataset.layout)
        history.replaceState(history.state, '', here)
        open()
      })
    }
    document.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || typing(event.target)) return
      const action = { '+': ZOOMS.in, '-': ZOOMS.out, 0: fit }[event.key]
      if (action && !document.querySelector('dialog[open]')) action()
    })

    /* new states: the picture stays where it is --------------------------------------------------------- */

    const shape = name => [...(pane.querySelector(`.legend .status-icon.${name}`)?.childNodes ?? [])]
    const recolour = (task, [name, word, length, since]) => {
      const link = box(task)
      if (!link) return
      const node = link.firstElementChild
      const sign = node.querySelector('.status-icon')
      if (!node.classList.contains(name)) {
        const kept = ['sel', 'near', 'off'].filter(each => node.classList.contains(each))
        node.setAttribute('class', ['node', name, ...kept].join(' '))
        sign.setAttribute('class', `status-icon ${name}`)
        sign.replaceChildren(...shape(name).map(part => part.cloneNode(true)))
        const spot = pane.querySelector(`.minimap [data-task="${CSS.escape(task)}"]`)
        spot?.setAttribute('class', `box ${name}`)
      }
      node.querySelector('.sr').textContent = `, ${word}`
      const text = node.querySelector('.length')
      if (since) text.dataset.duration = since
      else { delete text.dataset.duration; text.textContent = length }
    }
    const redraw = (from, to, state) => {
      const selector = `[data-from="${CSS.escape(from)}"][data-to="${CSS.escape(to)}"]`
      for (const part of $$(`path${selector}`)) {
        const [kind] = part.classList
        const kept = part.classList.contains('near') ? ' near' : ''
        part.setAttribute('class', `${kind} ${state}${kept}`)
      }
    }
    document.addEventListener('states', event => {
      const { tasks, edges } = JSON.parse(event.detail.data)
      for (const [task, state] of Object.entries(tasks)) recolour(task, state)
      for (const [from, to, state] of edges) redraw(from, to, state)
    })

    // An editor draws its form anew and keeps the nodes of the picture, but not its place.
    document.addEventListener('htmx:after:swap', () => {
      if (svg.isConnected && svg.hasAttribute('viewBox')) open()
    })

    addEventListener('resize', open)
    open()
  }

  // The picture of an editor may come with a later answer.
  let current = null
  const look = () => {
    const svg = document.querySelector('.graph-pane svg.graph')
    if (!svg || svg === current) return
    current = svg
    start(svg)
  }
  document.addEventListener('htmx:after:swap', look)
  look()
})()
