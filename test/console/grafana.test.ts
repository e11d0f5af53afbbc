import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { metrics } from '../../src/console/metrics.ts';
import { canRun, pathOf } from '../helpers/needs.ts';
import { temporaryDir } from '../helpers/store-fixtures.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

const docs = new URL('../../../docs/', import.meta.url);
const dashboard = JSON.parse(await readFile(new URL('grafana-dashboard.json', docs), 'utf8')) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) =>
  own.map((target) => ({ title, ...target })),
);

const variables = [...dashboard.templating.list.flatMap(({ definition }) => definition ?? [])];

/** Metrics that an expression reads, with the labels that it names. */
function reads(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b(fogrun_\w+)(?:\{([^}]*)\})?/g)].map(([, name, selector = '']) => ({
    name: name!,
    labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
  }));
}

const histogramSuffix = /_(?:bucket|sum|count)$/;
/** As it is declared, and the labels of its series. */
function declared(name: string) {
  const plain = metrics.find((metric) => metric.name === name && metric.type !== 'histogram');
  if (plain) return plain;
  const whole = metrics.find(
    (metric) => metric.type === 'histogram' && metric.name === name.replace(histogramSuffix, ''),
  );
  if (!whole || !histogramSuffix.test(name)) return undefined;
  return name.endsWith('_bucket') ? { ...whole, labels: [...whole.labels, 'le'] } : whole;
}

/** Words that Grafana puts something in place of. */
const filled = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$pipeline', '.*');

test('the dashboard reads only metrics and labels that there are', (t) => {
  t.true(targets.length > 20);
  for (const { title, expr, legendFormat } of targets) {
    const found = reads(expr);
    t.true(found.length > 0, title);
    for (const { name, labels } of found) {
      const metric = declared(name);
      t.truthy(metric, `${title}: ${name}`);
      for (const label of labels) t.true(metric!.labels.includes(label), `${title}: ${name} has no ${label}`);
    }
    const grouped = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(/,\s*/);
    const left = grouped ?? declared(found[0]!.name)!.labels;
    for (const label of grouped ?? [])
      t.true(declared(found[0]!.name)!.labels.includes(label), `${title}: by ${label}`);
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      t.true(left.includes(label!), `${title}: the legend names ${label}`);
  }
  for (const definition of variables) t.truthy(declared(reads(definition)[0]!.name), definition);
});

test('what only counts up is read by its rate, and nothing else is', (t) => {
  for (const { title, expr } of targets) {
    for (const [, how, name] of expr.matchAll(/\b(rate|increase|delta)\((fogrun_\w+)/g)) {
      const { type } = declared(name!)!;
      if (how === 'delta') t.is(type, 'gauge', title);
      else t.not(type, 'gauge', title);
    }
    for (const { name } of reads(expr))
      if (declared(name)!.type === 'counter')
        t.regex(expr, new RegExp(`(?:rate|increase)\\(${name}\\b`), title);
  }
});

test('the dashboard asks which Prometheus to read, and is for any number of pipelines', (t) => {
  t.deepEqual(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['pipeline', 'query'],
    ],
  );
  for (const { title, expr, datasource } of targets) {
    t.is(datasource.uid, `$${'{datasource}'}`, title);
    for (const { labels } of reads(expr)) t.true(labels.includes('pipeline'), title);
  }
});

test('every panel has a place of its own and says what it shows', (t) => {
  const { panels } = dashboard;
  t.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const [i, { type, title, description, gridPos: a }] of panels.entries()) {
    t.true(title.length > 0 && (type === 'row' || (description?.length ?? 0) > 0), title);
    t.true(a.x >= 0 && a.x + a.w <= 24, title);
    for (const { title: other, gridPos: b } of panels.slice(i + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      t.true(apart, `${title} lies on ${other}`);
    }
  }
});

test('Prometheus can read each expression of the dashboard, and the rules of the docs', async (t) => {
  if (!canRun(t, 'promtool')) return;
  const dir = await temporaryDir(t);
  const check = (path: string) =>
    spawnSync(pathOf('promtool')!, ['check', 'rules', path], { encoding: 'utf8' });
  const rules = targets.map(({ expr }, i) => ({ record: `panel:${i}`, expr: filled(expr) }));
  await writeFile(join(dir, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  const panels = check(join(dir, 'panels.yml'));
  t.is(panels.status, 0, `${panels.stdout}${panels.stderr}`);
  t.regex(panels.stdout, new RegExp(`${targets.length} rules found`));
  const page = await readFile(new URL('metrics.md', docs), 'utf8');
  const [alerts] = /(?<=```yaml\n)# rules\.yml\n[^`]*/.exec(page)!;
  await writeFile(join(dir, 'alerts.yml'), alerts);
  const told = check(join(dir, 'alerts.yml'));
  t.is(told.status, 0, `${told.stdout}${told.stderr}`);
  for (const { name, labels } of reads(alerts)) {
    t.truthy(declared(name), name);
    for (const label of labels) t.true(declared(name)!.labels.includes(label), name);
  }
});
