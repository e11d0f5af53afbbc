/** How charts look. A page sets other colours by the custom properties, and lights parts by the classes at the end. */

const light = {
  ink: '#1b2430',
  quiet: '#5c6878',
  paper: '#ffffff',
  'state-fill': '#ffffff',
  'state-line': '#8a97a8',
  'inner-fill': '#f4f7fa',
  line: '#74829a',
  done: '#1a7f52',
  'trouble-fill': '#fff3dc',
  'trouble-line': '#c47f12',
  'failed-fill': '#fde6e6',
  'failed-line': '#c63c3c',
  'label-fill': '#eaeff5',
  active: '#1f5fd0',
  'active-fill': '#dbe8ff',
};
const dark: typeof light = {
  ink: '#e8edf4',
  quiet: '#9ba8ba',
  paper: '#12171e',
  'state-fill': '#1c232d',
  'state-line': '#647389',
  'inner-fill': '#171d26',
  line: '#7f8ea5',
  done: '#4cc38a',
  'trouble-fill': '#3a2c10',
  'trouble-line': '#d99a34',
  'failed-fill': '#431d1f',
  'failed-line': '#e5686b',
  'label-fill': '#26303c',
  active: '#6ea8ff',
  'active-fill': '#1d3557',
};

const set = (colours: typeof light) =>
  Object.entries(colours)
    .map(([name, value]) => `--chart-${name}:${value}`)
    .join(';');
const use = (name: keyof typeof light) => `var(--chart-${name},${light[name]})`;
const fonts = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif";

const rules = `
.chart{font:11px ${fonts};fill:${use('ink')};color:${use('ink')}}
.chart .paper{fill:${use('paper')}}
.chart text{white-space:pre}
.chart .title{font-size:16px;font-weight:700}
.chart .name{font-size:13px;font-weight:700}
.chart .quiet,.chart .guard{fill:${use('quiet')}}
.chart .action{fill:${use('quiet')};font-style:italic}
.chart .icon{fill:none;stroke:${use('quiet')};stroke-width:1.2;stroke-linecap:round;stroke-linejoin:round}
.chart .box{fill:${use('state-fill')};stroke:${use('state-line')};stroke-width:1.3}
.chart .outer>.box{fill:${use('inner-fill')}}
.chart .parallel>.inside{stroke:${use('state-line')};stroke-dasharray:5 4;fill:none}
.chart .final>.rim{fill:none;stroke:${use('state-line')};stroke-width:1.1}
.chart .trouble>.box{fill:${use('trouble-fill')};stroke:${use('trouble-line')}}
.chart .failed>.box{fill:${use('failed-fill')};stroke:${use('failed-line')}}
.chart .failed>.rim{stroke:${use('failed-line')}}
.chart .trouble>.rim{stroke:${use('trouble-line')}}
.chart .line{fill:none;stroke:${use('line')};stroke-width:1.4}
.chart .head,.chart .dot{fill:${use('line')}}
.chart .label{fill:${use('label-fill')}}
.chart .after>.line{stroke-dasharray:5 3.5}
.chart .done>.line{stroke:${use('done')}}
.chart .done>.head{fill:${use('done')}}
.chart .error>.line{stroke:${use('failed-line')}}
.chart .error>.head{fill:${use('failed-line')}}
.chart .always>.line{stroke-dasharray:1.5 3}
.chart .chip>.label{stroke:${use('line')};stroke-width:1}
.chart .chip.to-trouble>.label{fill:${use('trouble-fill')};stroke:${use('trouble-line')}}
.chart .chip.to-failed>.label{fill:${use('failed-fill')};stroke:${use('failed-line')}}
.chart .active>.box{fill:${use('active-fill')};stroke:${use('active')};stroke-width:2.6}
.chart .outer.active>.box{fill:${use('inner-fill')}}
.chart .trouble.active>.box{fill:${use('trouble-fill')};stroke:${use('trouble-line')}}
.chart .failed.active>.box{fill:${use('failed-fill')};stroke:${use('failed-line')}}
.chart .taken>.line{stroke:${use('active')};stroke-width:2.6}
.chart .taken>.head{fill:${use('active')}}
.chart .taken>.label{fill:${use('active-fill')};stroke:${use('active')}}
.chart .row.taken>text{fill:${use('active')}}
`.trim();

/** For a page, which says itself whether it is light or dark: `chartColours`. */
export const chartCss = rules;

/** Declarations of the custom properties. */
export const chartColours = { light: set(light), dark: set(dark) } as const;

/** For a picture on its own. */
export const standAloneStyle =
  `.chart{${set(light)}}@media(prefers-color-scheme:dark){.chart{${set(dark)}}}` +
  rules.replaceAll('\n', '').replaceAll(/var\((--[\w-]+),[^)]*\)/g, 'var($1)');
