// SPDX-License-Identifier: MIT
'use strict';

// How the page looks: light and dark as the system is, one column on a phone.

const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f5f4, #0c1112);
  --panel: light-dark(#ffffff, #141b1d);
  --line: light-dark(#dfe5e3, #243033);
  --well: light-dark(#eef2f1, #1b2528);
  --text: light-dark(#17211f, #e7eeec);
  --soft: light-dark(#5d6b68, #93a5a1);
  --busy: light-dark(#0f766e, #2dd4bf);
  --lent: light-dark(#7048d8, #a78bfa);
  --idle: light-dark(#a9cfc7, #2f6b64);
  --connecting: light-dark(#d08700, #fbbf24);
  --good: light-dark(#157f3c, #4ade80);
  --warn: light-dark(#a86200, #fbbf24);
  --bad: light-dark(#c42626, #f87171);
  font: 15px/1.45 ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans",
    sans-serif;
  font-variant-numeric: tabular-nums;
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--page); color: var(--text); }
main { max-width: 1100px; margin: 0 auto; padding: 24px 20px 40px; }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; }
h1 { font-size: 22px; }
h2 { font-size: 17px; overflow-wrap: anywhere; }
h3 { font-size: 14px; color: var(--soft); margin-bottom: 8px; }
p, small { color: var(--soft); }
.notice {
  margin-top: 16px; padding: 12px 16px; border-left: 4px solid var(--bad);
  background: var(--panel); color: var(--text);
}
.pool {
  margin-top: 16px; padding: 18px 20px; border: 1px solid var(--line);
  border-radius: 14px; background: var(--panel);
}
.gone .pool { opacity: 0.5; }
.head { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; }
.pill { font-weight: 650; color: var(--good); }
.pill.degraded { color: var(--warn); }
.pill.down { color: var(--bad); }
.reasons { margin-top: 8px; color: var(--warn); overflow-wrap: anywhere; }
.tiles {
  display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px;
  margin: 16px 0;
}
.tiles div { padding: 12px 14px; border-radius: 10px; background: var(--well); }
.tiles dd { font-size: 25px; font-weight: 650; line-height: 1.3; }
.tiles dt, .tiles small { color: var(--soft); }
.parts { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; }
.parts > section { min-width: 0; }
.bar {
  display: flex; height: 30px; overflow: hidden; border-radius: 8px;
  background: var(--well); margin-bottom: 10px;
}
.busy { background: var(--busy); }
.lent { background: var(--lent); }
.idle { background: var(--idle); }
.connecting { background: var(--connecting); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 5px 0; text-align: left; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; }
th { font-weight: 400; }
th:last-child, td:last-child { text-align: right; }
th i {
  display: inline-block; width: 11px; height: 11px; margin-right: 8px;
  border-radius: 3px;
}
.latency { display: flex; gap: 3px; align-items: flex-end; height: 120px; }
.latency i {
  flex: 1; min-height: 2px; border-radius: 3px 3px 0 0; background: var(--busy);
}
.ends { display: flex; justify-content: space-between; gap: 8px; }
@media (max-width: 640px) {
  main { padding: 16px 12px 32px; }
  .pool { padding: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tiles dd { font-size: 21px; }
  .parts { grid-template-columns: 1fr; }
}
`;

module.exports = { STYLE };
