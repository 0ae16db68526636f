// Buttons that copy the text of the element that they name.
const SAID_MS = 2000

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-copies]')
  if (button) void press(button)
})

async function press(button) {
  const source = document.getElementById(button.dataset.copies)
  button.textContent = await copy(source)
  setTimeout(() => (button.textContent = 'Copy'), SAID_MS)
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim())
    return 'Copied'
  } catch {
    // Without the right to write there, the text is at least selected.
    getSelection().selectAllChildren(source)
    return 'Press Ctrl+C'
  }
}
