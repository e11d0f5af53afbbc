import test from 'ava';
import { type ReadFamily, readExposition } from '../console/exposition.ts';
import { type Fogrun, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

async function consoleOf(fogrun: Fogrun): Promise<string> {
  const { text } = await fogrun.line(({ text: said }) => /^in the browser: http:/.test(said));
  return text.slice('in the browser: '.length).split(/\s/)[0]!;
}

const scrape = async (url: string) => readExposition(await (await fetch(new URL('/metrics', url))).text());
/** Of the series with these labels. */
const figure = (
  from: Map<string, ReadFamily>,
  name: string,
  labels: Record<string, string> = {},
  suffix = '',
) =>
  from
    .get(name)
    ?.series.find(
      (one) =>
        one.name === `${name}${suffix}` &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    )?.value;

test('an outage is seen in the figures: attempts and the backlog grow, and then everything drains', async (t) => {
  const env = await world(t);
  const begin = (name: string, ...more: string[]) =>
    startFogrun(t, [shipped(name), '--log', 'json', ...more], env);
  const cloud = begin('cloud.yaml');
  await cloud.line(moved('receiver', 'serving.listening'));
  const edge = begin('edge.yaml', '--console', '0');
  const url = await consoleOf(edge);
  await edge.line(segment('acknowledged'));
  const well = await scrape(url);
  const uploader = { actor: 'uploader' };
  t.is(figure(well, 'fogrun_up', { pipeline: 'edge' }), 1);
  t.is(figure(well, 'fogrun_actor_health', uploader), 0);
  t.is(figure(well, 'fogrun_actor_retries_total', uploader), 0);
  t.true(figure(well, 'fogrun_ack_latency_seconds', {}, '_count')! >= 1);
  t.true(figure(well, 'fogrun_actor_readings_total', { actor: 'barometer' })! > 0);
  t.true(figure(well, 'fogrun_wire_readings_total', { from: 'barometer', to: 'rotator' })! > 0);
  t.true(figure(well, 'fogrun_process_resident_memory_bytes')! > 2 ** 20);

  await cloud.end('SIGKILL');
  let known = edge.lines.length;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await edge.line(moved('uploader', 'waitingToRetry'), known);
    await edge.line(moved('uploader', 'connecting'), known);
    known = edge.lines.length;
  }
  for (let sealed = 0; sealed < 3; sealed += 1) {
    await edge.line(segment('sealed'), known);
    known = edge.lines.length;
  }
  const out = await scrape(url);
  t.is(figure(out, 'fogrun_actor_health', uploader), 2);
  t.true(figure(out, 'fogrun_actor_retries_total', uploader)! >= 2);
  const backlog = figure(out, 'fogrun_backlog_readings')!;
  t.true(backlog > 10, `${backlog} wait`);
  t.true(figure(out, 'fogrun_backlog_bytes')! > 1_000);
  t.true(figure(out, 'fogrun_backlog_oldest_age_seconds')! > 0.3);
  const health = await fetch(new URL('/healthz', url));
  t.is(health.status, 200);
  const { wrong } = (await health.json()) as { wrong: { actor: string; what: string }[] };
  t.true(
    wrong.some(({ actor, what }) => actor === 'uploader' && /link-/.test(what)),
    JSON.stringify(wrong),
  );
  t.is((await fetch(new URL('/readyz', url))).status, 200, 'an edge without a cloud does its work');

  const back = begin('cloud.yaml', '--console', '0');
  const cloudUrl = await consoleOf(back);
  known = edge.lines.length;
  await edge.line(moved('uploader', 'idle'), known);
  const drained = await scrape(url);
  t.is(figure(drained, 'fogrun_actor_health', uploader), 0);
  t.true(figure(drained, 'fogrun_backlog_readings')! < backlog);
  const fleet = await scrape(cloudUrl);
  t.is(figure(fleet, 'fogrun_fleet_edges', { pipeline: 'cloud' }), 1);
  t.is(figure(fleet, 'fogrun_fleet_edges_connected', { pipeline: 'cloud' }), 1);
  const weather = await fetch(new URL('/api/weather?pipeline=cloud&since=0', cloudUrl));
  const { series } = (await weather.json()) as {
    series: { edge: string; sensor: string; means: unknown[] }[];
  };
  t.like(series[0], { edge: 'edge-under-test', sensor: 'pressure' });
  t.true(series[0]!.means.length > 0);
});
