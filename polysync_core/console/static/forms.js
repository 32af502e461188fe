/*
 * Enhances the editors. Every form works without it.
 *
 *   data-shown-by="path" data-shown-for='["A", ""]'
 *                        shows the element only while the control of that name has such a value;
 *                        hidden controls are not sent
 *   data-follows="id"    a button that is pressed when the control of that id changes
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
  apply()
  for (const button of $$('[data-continue]')) button.click()
})()
