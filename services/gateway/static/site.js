/* site.js - only improves: every page works without it.  No library, nothing inline; pages say what
 * they want by data-… attributes (README.md).  One block per improvement; each looks for its own
 * elements, so that a page without them pays nothing. */
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('js');
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (type, use, options) => document.addEventListener(type, use, options);
  const make = (tag, set = {}, ...inside) => {
    const ret = Object.assign(document.createElement(tag), set);
    ret.append(...inside);
    return ret;
  };

  /* A polite voice: what is written into it is read out. */
  const voice = make('p', { className: 'visually-hidden' });
  voice.setAttribute('role', 'status');
  document.body.append(voice);
  const say = (text) => {
    voice.textContent = '';
    setTimeout(() => { voice.textContent = text; }, 100);
  };

  /* A refused form: begin with what is wrong. */
  const wrong = document.querySelector('.errors');
  if (wrong) wrong.focus();

  /* ---- buttons ---- */
  for (const button of all('[data-print], [data-share], [data-help]')) button.hidden = false;
  on('click', (event) => {
    const button = event.target.closest('[data-print], [data-share], [data-help]');
    if (!button) return;
    if ('print' in button.dataset) print();
    else if ('help' in button.dataset) help();
    else share(button);
  });
  async function share(button) {
    const url = button.dataset.share || location.href;
    if (navigator.share) return navigator.share({ title: document.title, url }).catch(() => {});
    try {
      await navigator.clipboard.writeText(url);
      told(button, '网址已复制');
    } catch {
      prompt('请复制网址', url);
    }
  }
  function told(button, text) {
    const where = button.querySelector('span') || button;
    const before = where.textContent;
    where.textContent = text;
    say(text);
    setTimeout(() => { where.textContent = before; }, 3000);
  }
  /* <button data-countdown="60">: a code has been sent, the next one has to wait. */
  for (const button of all('[data-countdown]')) {
    const text = button.textContent;
    let left = Math.min(+button.dataset.countdown || 0, 600);
    const tick = () => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${left} 秒后可重新发送` : text;
      if (left-- > 0) setTimeout(tick, 1000);
    };
    if (left) tick();
  }

  /* ---- forms ---- */
  const state = (form) => new URLSearchParams([...new FormData(form)].filter(([name, value]) => name[0] !== '_' && typeof value === 'string')).toString();
  const guarded = new Map();
  for (const form of all('form[data-guard]')) guarded.set(form, state(form));
  addEventListener('beforeunload', (event) => {
    for (const [form, before] of guarded) if (state(form) !== before) event.preventDefault();
  });
  on('submit', (event) => {
    const form = event.target;
    if ((form.getAttribute('method') || '').toLowerCase() !== 'post' || event.defaultPrevented) return;
    const ask = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (ask && !confirm(ask)) return event.preventDefault();
    if (form.dataset.sent) return event.preventDefault(); /* pressed twice */
    form.dataset.sent = '1';
    guarded.delete(form);
    const button = event.submitter;
    if (button) {
      button.classList.add('busy');
      button.setAttribute('aria-busy', 'true');
    }
    const files = all('input[type=file]', form).filter((input) => input.files.length);
    if (!files.length) return;
    event.preventDefault();
    const large = files.flatMap((input) => [...input.files].filter((file) => file.size > (+input.dataset.max || FILE_MAX)))[0];
    if (large) failed(form, button, `“${large.name}”超过 20 MB，请压缩或分成几个文件，再重新选择。`);
    else upload(form, button);
  });
  /* Back from the next page: the form can be sent again (its key makes a repeat harmless). */
  const free = (form) => {
    delete form.dataset.sent;
    for (const button of all('.busy', form)) {
      button.classList.remove('busy');
      button.removeAttribute('aria-busy');
    }
  };
  addEventListener('pageshow', () => all('form[data-sent]').forEach(free));

  /* Files go by XHR because fetch() does not tell how far they are.  The form stays as it is until
   * the answer is there, so a lost network costs nothing but a press on the button. */
  const STALL_MS = 60000, FILE_MAX = 20 << 20; /* FILE_SIZE_MAX of the case service */
  function upload(form, button) {
    tidy(form);
    const input = all('input[type=file]', form).find((one) => one.files.length);
    const body = new FormData(form);
    if (button && button.name) body.append(button.name, button.value);
    let bar = form.querySelector('progress');
    if (!bar) input.after(bar = make('progress', { className: 'file__progress' }));
    bar.max = 100;
    bar.hidden = false;
    bar.setAttribute('aria-label', '上传进度');
    const xhr = new XMLHttpRequest();
    const target = new URL(form.getAttribute('action') || location.href, location).href;
    let said = 0, stalled = 0;
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => xhr.abort(), STALL_MS);
    };
    xhr.open('POST', target);
    xhr.setRequestHeader('Accept', 'text/html');
    xhr.upload.onprogress = (event) => {
      alive();
      const now = Math.round(100 * event.loaded / (event.total || 1));
      bar.value = now;
      bar.textContent = `${now}%`;
      if (now >= said + 25) say(`已上传 ${said = now}%`);
    };
    xhr.onload = () => {
      clearTimeout(stalled);
      if (xhr.status === 413) return lost('文件太大，没有传上去。请压缩或分成几个文件。');
      if (xhr.status >= 500) return lost('服务暂时忙，文件没有传上去。' + KEPT);
      if (xhr.status < 300 && xhr.responseURL && xhr.responseURL !== target) return location.assign(xhr.responseURL);
      if (!show(xhr)) lost('文件没有传上去，请稍后再试。');
    };
    xhr.onerror = xhr.onabort = () => {
      clearTimeout(stalled);
      lost((navigator.onLine === false ? '网络断开了，文件没有传完。' : '网络不通畅，文件没有传完。') + KEPT);
    };
    function lost(text) {
      bar.hidden = true;
      failed(form, button, text);
    }
    alive();
    xhr.send(body);
  }
  const KEPT = '已选的文件和已填的内容都还在，网络恢复后请重新上传。';
  function tidy(form) {
    all('.upload-notice', form).forEach((old) => old.remove());
  }
  function failed(form, button, text) {
    tidy(form);
    free(form);
    const again = make('button', { className: 'button', type: 'submit', textContent: '重新上传' });
    if (button && button.name) Object.assign(again, { name: button.name, value: button.value });
    const notice = make('div', { className: 'notice notice--warning upload-notice' }, make('p', { textContent: text }), again);
    notice.setAttribute('role', 'alert');
    all('input[type=file]', form)[0].after(notice);
  }
  /* A refused form comes back as a page: put it in the place of this one. */
  function show(xhr) {
    const page = new DOMParser().parseFromString(xhr.responseText, 'text/html');
    const next = page.querySelector('main');
    const here = document.querySelector('main');
    if (!next || !here) return false;
    document.title = page.title;
    here.replaceWith(next);
    if (xhr.responseURL) history.replaceState(null, '', xhr.responseURL);
    (next.querySelector('.errors') || next).focus();
    counters();
    return true;
  }

  /* How many characters are left. */
  function counters() {
    for (const area of all('textarea[maxlength]')) {
      if (area.dataset.counted) continue;
      area.dataset.counted = '1';
      const count = make('span', { className: 'counter' });
      const max = area.maxLength;
      let timer;
      const tell = () => {
        const left = max - area.value.length;
        count.textContent = `还可以输入 ${left} 字`;
        clearTimeout(timer);
        if (left <= max / 10) timer = setTimeout(() => say(count.textContent), 1000);
      };
      area.after(count);
      area.addEventListener('input', tell);
      tell();
    }
  }
  counters();

  /* ---- what changes by itself ---- */
  const live = document.querySelector('[data-refresh]');
  if (live && live.querySelector('[data-live]')) {
    const wait = Math.min(Math.max(+live.dataset.refresh || 25, 10), 300) * 1000;
    const REST_MS = 15 * 60000; /* nobody is there: asking on would keep the session open for whoever comes by */
    let failures = 0, touched = Date.now();
    for (const type of ['pointerdown', 'keydown', 'scroll']) on(type, () => { touched = Date.now(); }, { passive: true });
    const look = async () => {
      if (document.visibilityState !== 'visible' || Date.now() - touched > REST_MS) return again();
      try {
        const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'manual' });
        if (answer.type === 'opaqueredirect' || [401, 403, 404].includes(answer.status)) return; /* not ours any more */
        if (!answer.ok) throw answer.status;
        failures = 0;
        replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      } catch {
        failures++;
      }
      again();
    };
    const again = () => setTimeout(look, wait * Math.min(2 ** failures, 16));
    const replace = (page) => {
      const news = [];
      for (const now of all('[data-live]')) {
        const next = now.id && page.getElementById(now.id);
        if (!next || next.innerHTML === now.innerHTML || now.contains(document.activeElement)) continue;
        now.replaceWith(document.adoptNode(next));
        next.classList.add('flash');
        news.push(next.dataset.live || '内容');
      }
      if (news.length) say(`${news.join('、')}已更新`);
    };
    again();
  }

  /* ---- read aloud, in 长辈模式 ---- */
  const text = document.querySelector('[data-read]');
  if (text && root.dataset.view === 'elder' && 'speechSynthesis' in window) {
    const read = make('button', { className: 'button button--secondary', type: 'button', textContent: '朗读本页' });
    const stop = make('button', { className: 'button button--secondary', type: 'button', textContent: '停止朗读', hidden: true });
    const bar = make('div', { className: 'wrap reader' }, read, stop);
    const MOST = 200; /* pieces: long texts are spoken piece by piece, or engines give up in the middle */
    const done = () => {
      stop.hidden = true;
      read.hidden = false;
    };
    read.onclick = () => {
      speechSynthesis.cancel();
      const pieces = text.innerText.replace(bar.innerText, '').split(/(?<=[。！？；])|\n+/).map((piece) => piece.trim()).filter(Boolean).slice(0, MOST);
      pieces.forEach((piece, i) => {
        const words = new SpeechSynthesisUtterance(piece);
        words.lang = 'zh-CN';
        words.rate = .9;
        if (i === pieces.length - 1) words.onend = done;
        speechSynthesis.speak(words);
      });
      stop.hidden = false;
      read.hidden = true;
      stop.focus();
    };
    stop.onclick = () => {
      speechSynthesis.cancel();
      done();
      read.focus();
    };
    addEventListener('pagehide', () => speechSynthesis.cancel());
    text.prepend(bar);
  }

  /* ---- filters are open where they stand beside the results (old browsers: the style sheet cannot) ---- */
  if (root.dataset.view !== 'elder' && matchMedia('(min-width: 60em)').matches) for (const fold of all('details.fold')) fold.open = true;

  /* ---- side navigation: where am I ---- */
  const links = all('.side-nav a[href^="#"]');
  if (links.length && 'IntersectionObserver' in window) {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links) {
          if (link.hash === `#${encodeURIComponent(entry.target.id)}`) link.setAttribute('aria-current', 'true');
          else link.removeAttribute('aria-current');
        }
      }
    }, { rootMargin: '-10% 0px -75% 0px' });
    for (const link of links) {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (target) seen.observe(target);
    }
  }

  /* ---- a menu closes when one looks elsewhere ---- */
  on('click', (event) => all('details.menu[open]').forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  on('keydown', (event) => {
    const menu = event.key === 'Escape' && event.target.closest && event.target.closest('details.menu[open]');
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });

  /* ---- shortcuts of the console ---- */
  const rows = () => all('[data-keys] tbody tr').filter((row) => row.querySelector('a[href]'));
  const keyed = () => all('[data-key]').filter((one) => one.offsetParent);
  if (document.querySelector('[data-keys], [data-key], [data-help]')) {
    on('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      if (event.target.closest('input, select, textarea, dialog, [contenteditable]')) return;
      const list = rows();
      const here = list.findIndex((row) => row.contains(document.activeElement));
      const step = { j: 1, k: -1 }[event.key];
      if (step && list.length) {
        const next = list[Math.min(Math.max(here + step, 0), list.length - 1)];
        next.querySelector('a[href]').focus();
      } else if (event.key === '?') {
        help();
      } else if (event.key === '/') {
        const search = document.querySelector('main input[type=search]');
        if (!search) return;
        search.focus();
      } else {
        const hit = (here >= 0 && list[here].querySelector(`[data-key="${CSS.escape(event.key)}"]`)) || keyed().find((one) => one.dataset.key === event.key);
        if (!hit) return;
        if (hit.matches('input, select, textarea')) hit.focus();
        else hit.click();
      }
      event.preventDefault();
    });
  }
  function help() {
    const keys = new Map([['j / k', '下一行 / 上一行'], ['Enter', '打开所在行'], ['/', '搜索'], ['?', '显示快捷键']]);
    if (!rows().length) keys.delete('j / k'), keys.delete('Enter');
    if (!document.querySelector('main input[type=search]')) keys.delete('/');
    for (const one of keyed()) keys.set(one.dataset.key, one.dataset.keyLabel || one.textContent.trim());
    const list = make('dl');
    for (const [key, what] of keys) list.append(make('dt', {}, make('kbd', { textContent: key })), make('dd', { textContent: what }));
    const title = make('h2', { textContent: '快捷键', id: 'keys-title' });
    const close = make('button', { className: 'button', textContent: '关闭' });
    const dialog = make('dialog', {}, title, list, make('form', { method: 'dialog' }, close));
    dialog.setAttribute('aria-labelledby', 'keys-title');
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
})();
