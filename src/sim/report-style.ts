/** How a report looks: light and dark, narrow and wide, on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1b2330; --soft: #59657a; --line: #d9dee7; --panel: #f5f7fa; --track: #eceff4;
  --rest: #a9c3de; --work: #2f6fb3; --trouble: #e58a00; --failed: #b3261e; --off: #6a7280;
  --band: #e58a00; --area: #2f6fb3; --well: #1d7a46; --bad: #b3261e; --stop: #59657a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --text: #e4e9f1; --soft: #9aa7bb; --line: #2c3543; --panel: #1a2029; --track: #222a35;
    --rest: #47637f; --work: #5b9fe3; --trouble: #f0a030; --failed: #ef5b50; --off: #96a0b0;
    --band: #f0a030; --area: #5b9fe3; --well: #56c285; --bad: #ff7a70; --stop: #9aa7bb;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px 20px 48px; max-width: 1180px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 15px; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 8px; }
h3 { font-size: 14px; margin: 18px 0 4px; }
p { margin: 6px 0; }
.verdict { border-left: 6px solid var(--well); background: var(--panel); padding: 12px 16px; margin: 8px 0 16px; }
.verdict.bad { border-color: var(--bad); }
.verdict strong { display: block; font-size: 26px; line-height: 1.25; color: var(--well); }
.verdict.bad strong { color: var(--bad); }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 8px 24px; margin: 16px 0; }
dl div.wide { grid-column: span 2; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
pre {
  background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 10px 12px; margin: 8px 0;
  font: 13px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 0 12px; font-size: 13px; color: var(--soft); }
.legend svg { width: 22px; height: 12px; margin-right: 6px; vertical-align: -1px; }
.row { display: grid; grid-template-columns: 150px minmax(0, 1fr); align-items: center; break-inside: avoid; }
.row > span { font-size: 13px; overflow-wrap: anywhere; padding-right: 10px; line-height: 1.2; }
.row > svg, .plot > svg { display: block; width: 100%; background: var(--track); }
.plot { position: relative; }
.plot .most { position: absolute; top: 2px; right: 4px; font-size: 12px; color: var(--soft); pointer-events: none; }
.group { break-inside: avoid-page; }
.axis { position: relative; height: 20px; margin-left: 150px; font-size: 12px; color: var(--soft); }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; }
.axis span.last { transform: translateX(-100%); }
.rest { fill: var(--rest); } .work { fill: var(--work); } .trouble { fill: var(--trouble); }
.failed { fill: var(--failed); } .off { fill: var(--off); }
.band { fill: var(--band); opacity: 0.2; } .fault { fill: var(--trouble); }
.area { fill: var(--area); opacity: 0.85; }
.stop { stroke: var(--stop); stroke-width: 1; stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
.violation { fill: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.t { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.n + td:not(.n), th.n + th:not(.n) { padding-left: 16px; }
td.bad { color: var(--bad); font-weight: 600; }
details > summary { cursor: pointer; color: var(--soft); margin: 8px 0; }
@media (max-width: 640px) {
  body { padding: 16px 12px 32px; }
  .row { grid-template-columns: minmax(0, 1fr); margin-bottom: 4px; }
  .axis { margin-left: 0; }
  .axis span.some { display: none; }
  .verdict strong { font-size: 21px; }
  dl { grid-template-columns: 1fr 1fr; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 11px; }
  .row > svg, .plot > svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details > summary { display: none; }
  h2 { break-after: avoid; }
}
`.trim();
