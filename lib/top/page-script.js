// SPDX-License-Identifier: MIT
'use strict';

// What the page does, as text for the browser. The token comes behind the # of
// the address, which no browser sends to a server; it is taken out of the
// address bar at once.

const SCRIPT = `
'use strict';
const EVERY_MILLIS = 1000;
const KEY = 'pg-holdfast-top';
const main = document.querySelector('main');
const pools = document.querySelector('#pools');
const notice = document.querySelector('#notice');
const about = document.querySelector('#about');

if (location.hash.length > 1) {
  sessionStorage.setItem(KEY, location.hash.slice(1));
  history.replaceState(null, '', '/');
}
const token = sessionStorage.getItem(KEY) || '';
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function whole(value) {
  return value === null ? '\\u2013' : WHOLE.format(value);
}

function time(millis) {
  if (millis === null) return '\\u2013';
  if (millis < 1) return Math.round(millis * 1000) + ' \\u00b5s';
  if (millis < 1000) return Number(millis.toPrecision(2)) + ' ms';
  return Number((millis / 1000).toFixed(1)) + ' s';
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children.map((child) =>
    typeof child === 'number' ? String(child) : child));
  return element;
}

function tile(name, figure, value, note) {
  return make('div', {}, make('dt', {}, name),
    make('dd', { 'data-figure': figure }, value), make('small', {}, note));
}

function table(caption, columns, rows) {
  const heads = columns.map((name) => make('th', { scope: 'col' }, name));
  return make('table', { 'aria-label': caption },
    make('thead', {}, make('tr', {}, ...heads)),
    make('tbody', {}, ...rows.map(([kind, name, count]) =>
      make('tr', {},
        make('th', { scope: 'row' },
          ...(kind ? [make('i', { class: kind, 'aria-hidden': 'true' })] : []),
          name),
        make('td', { 'data-figure': kind || name },
          typeof count === 'number' ? whole(count) : count)))));
}

const STATES = [['busy', 'Busy: a statement runs'],
  ['lent', 'Lent: held by a transaction'], ['idle', 'Idle: open and free'],
  ['connecting', 'Connecting: being opened']];

function connections(pool) {
  const open = STATES.reduce((sum, [key]) => sum + pool.connections[key], 0);
  const bar = make('div', { class: 'bar', role: 'img',
    'aria-label': open + ' of ' + pool.max + ' connections are open' });
  for (const [key] of STATES) {
    const part = make('i', { class: key });
    part.style.width = (100 * pool.connections[key]) / pool.max + '%';
    bar.append(part);
  }
  return make('section', {}, make('h3', {}, 'Connections'), bar,
    table('Connections', ['State', 'of ' + pool.max],
      STATES.map(([key, name]) => [key, name, pool.connections[key]])));
}

function latency(pool) {
  const last = pool.latency.findLastIndex(({ count }) => count > 0);
  const shown = pool.latency.slice(0, Math.max(12, last + 2));
  const most = Math.max(1, ...shown.map(({ count }) => count));
  const bars = shown.map(({ upToMillis, count }) => {
    const limit = upToMillis === null ? 'longer' : 'up to ' + time(upToMillis);
    const bar = make('i', { title: whole(count) + ' statements, ' + limit });
    bar.style.height = (100 * count) / most + '%';
    return bar;
  });
  const ends = [shown[0], shown[shown.length - 1]].map(({ upToMillis }, i) =>
    make('small', {}, i === 0 ? 'up to ' + time(upToMillis)
      : upToMillis === null ? 'longer' : time(upToMillis)));
  return make('section', {}, make('h3', {}, 'Statements of the last minute'),
    make('div', { class: 'latency', role: 'img',
      'aria-label': 'How long statements took' }, ...bars),
    make('div', { class: 'ends' }, ...ends),
    table('Share of statements', ['Share of statements', 'took up to'], [
      ['', '50 %', time(pool.p50Millis)], ['', '95 %', time(pool.p95Millis)],
      ['', '99 %', time(pool.p99Millis)],
    ]));
}

function outcomes(pool) {
  const [first, second, third, more] = pool.succeededOnAttempt;
  const { notExecuted, rolledBack, ambiguous, permanent } = pool.failed;
  return make('section', {}, make('h3', {}, 'Calls since the start'),
    table('Calls since the start', ['How they ended', 'Calls'], [
      ['', 'Right at the first attempt', first],
      ['', 'Right at the second', second], ['', 'Right at the third', third],
      ['', 'Right later', more], ['', 'Failed: not executed', notExecuted],
      ['', 'Failed: rolled back', rolledBack],
      ['', 'Failed: in doubt', ambiguous], ['', 'Failed: for good', permanent],
    ]));
}

const BREAKER = { closed: 'closed: connections can be opened',
  open: 'open: connecting fails, calls wait',
  'half-open': 'half-open: a probe is on its way' };

function upkeep(pool) {
  return make('section', {}, make('h3', {}, 'Connecting'),
    make('p', { 'data-figure': 'breaker' },
      'The breaker is ' + BREAKER[pool.breaker.state] + '.'),
    table('Connecting', ['Since the start', 'Times'], [
      ['', 'Breaker opened', pool.breaker.opened],
      ['', 'Connects failed', pool.breaker.connectsFailed],
      ['', 'Connections died and were replaced', pool.connectionsLost],
    ]));
}

const STATUS = { up: 'Up', degraded: 'Degraded', down: 'Down' };

function poolCard(pool) {
  const place = [pool.pooler === 'none' ? 'no pooler' : 'pooler: ' + pool.pooler,
    ...(pool.role === 'unknown' ? [] : [pool.role])].join(', ');
  const waits = pool.waiting === 0 ? 'nobody has to wait'
    : pool.waiting === 1 ? 'call, in line' : 'calls, in line';
  return make('article', { class: 'pool' },
    make('div', { class: 'head' }, make('h2', {}, pool.name),
      make('span', { class: 'pill ' + pool.status, 'data-figure': 'status' },
        STATUS[pool.status]), make('small', {}, place)),
    ...(pool.reasons.length === 0 ? []
      : [make('p', { class: 'reasons' }, pool.reasons.join('; '))]),
    make('dl', { class: 'tiles' },
      tile('Calls a second', 'rate', whole(pool.perSecond),
        whole(pool.queries) + ' in all'),
      tile('95 % answered within', 'p95', time(pool.p95Millis),
        'in the last minute'),
      tile('Waiting', 'waiting', whole(pool.waiting), waits),
      tile('Repeated for you', 'retries', whole(pool.retries), 'in all')),
    make('div', { class: 'parts' }, connections(pool), latency(pool),
      outcomes(pool), upkeep(pool)));
}

function say(text) {
  main.classList.toggle('gone', text !== '');
  notice.hidden = text === '';
  notice.textContent = text;
}

function show(state) {
  about.textContent = 'process ' + state.pid + ', ' + state.title +
    ', Node.js ' + state.node + ', pg-holdfast ' + state.version + ', up ' +
    whole(state.upSeconds) + ' s';
  pools.replaceChildren(...state.pools.map(poolCard));
  say(state.pools.length === 0 ? 'No pool is open in this process.' : '');
}

async function look() {
  try {
    const response = await fetch('/state', {
      headers: { authorization: 'Bearer ' + token } });
    if (response.status === 401) {
      say('The token is missing or wrong: open the address that ' +
        'npx pg-holdfast top --page prints.');
    } else {
      show(await response.json());
    }
  } catch {
    say('The process is gone, or does not answer. The figures below are its ' +
      'last ones.');
  }
  setTimeout(look, EVERY_MILLIS);
}
look();
`;

module.exports = { SCRIPT };
