// The events of a gr.HTML (ui/events.py). A click on an element in it that has `data-action` triggers the component's `click`,
// or the event that `data-event` names. `redraw()` of the component's element triggers `input`, for what the server draws.
window.connectTriggers = (element, trigger) => {
  element.addEventListener('click', event => {
    const button = event.target.closest('[data-action]');
    if (!button) return;
    window.clickedAction = button.dataset.action;
    trigger(button.dataset.event ?? 'click');
  });
  element.parentElement.closest('[id]').redraw = () => trigger('input');
};
