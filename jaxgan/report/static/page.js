'use strict';
{
  const root = document.documentElement;
  root.classList.add('js');

  // Storage may be closed to a page that was opened from a file.
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem('jaxgan-theme', value);
      return localStorage.getItem('jaxgan-theme');
    } catch {
      return value;
    }
  };
  const theme = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
  const label = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; };
  const stored = remembered();
  if (stored) root.dataset.theme = stored;
  theme.hidden = false;
  theme.setAttribute('aria-label', 'Change between light and dark');
  theme.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    remembered(root.dataset.theme);
    label();
  });
  system.addEventListener('change', label);
  label();

  // The grids of the strip are shown in the place of the newest one.
  const moment = document.getElementById('moment');
  if (moment) {
    const [large, caption] = document.getElementById('newest').children;
    const newest = large.src;
    const frames = [...document.querySelectorAll('.film figure')];
    const play = document.getElementById('play');
    const last = frames.length - 1;
    let timer = 0;
    const show = () => {
      const i = Number(moment.value);
      const [image, text] = frames[i].children;
      large.src = i === last ? newest : image.src;
      large.alt = image.alt;
      caption.textContent = text.textContent;
      moment.setAttribute('aria-valuetext', text.textContent);
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = 'Play';
    };
    document.querySelector('.controls').hidden = false;
    moment.addEventListener('input', () => { stop(); show(); });
    play.addEventListener('click', () => {
      if (timer) return stop();
      if (Number(moment.value) === last) moment.value = 0;
      show();
      play.textContent = 'Stop';
      timer = setInterval(() => {
        moment.value = Number(moment.value) + 1;
        show();
        if (Number(moment.value) === last) stop();
      }, 350);
    });
    show();
  }

  for (const button of document.querySelectorAll('.copy')) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener('click', async () => {
      const code = button.parentElement.querySelector('code').textContent;
      try {
        await navigator.clipboard.writeText(code);
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Not copied';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  }
}
