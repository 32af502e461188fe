/*
 * Enhances the editors. Every form works without it.
 *
 *   data-shown-by="path" data-shown-for='["A", ""]'
 *                        shows the element only while the control of that name has such a value;
 *                        hidden controls are not sent
 *   data-follows="id"    a button that is pressed when the control of that id changes
 *   data-suggest="Task"  an input whose list gets the names of that kind that match the typed text;
 *                        data-source answers with them
 *   data-continue        a button that is pressed at once, to go on with a long piece of work
 */
(() => {
  'use strict'
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]

  const valueOf = (form, name) => {
    const controls = [...form.elements].filter(control => control.name === name)
    const last = controls[controls.length - 1]
    return last === undefined ? null : last.value
  }
  const apply = () => {
    for (const element of $$('form [data-shown-by]')) {
      const value = valueOf(element.closest('form'), element.dataset.shownBy)
      const shown = value === null || JSON.parse(element.dataset.shownFor).includes(value)
      const wrong = element.querySelector('[aria-invalid=true]') !== null
      element.hidden = !shown && !wrong
      for (const control of $$('input, select, textarea, button', element)) {
        control.disabled = element.hidden
      }
    }
  }
  document.addEventListener('change', event => {
    apply()
    if (event.target.id) {
      for (const button of $$(`[data-follows="${CSS.escape(event.target.id)}"]`)) button.click()
    }
  })
  document.addEventListener('htmx:after:swap', apply)

  let pause
  const suggest = async input => {
    const address = new URL(input.dataset.source, location.href)
    address.searchParams.set('q', input.value)
    const answer = await fetch(address, { headers: { Accept: 'application/json' } }).catch(() => null)
    if (!answer?.ok) return
    const found = (await answer.json()).filter(entry => entry.kind === input.dataset.suggest)
    input.list?.replaceChildren(...found.map(entry => new Option(entry.label ?? entry.text, entry.text)))
  }
  document.addEventListener('input', event => {
    if (!event.target.matches?.('input[data-suggest]')) return
    clearTimeout(pause)
    pause = setTimeout(suggest, 150, event.target)
  })
  apply()
  for (const button of $$('[data-continue]')) button.click()
})()
