import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { unknownText } from '../../src/cli/console-command.ts';
import { pickActor, pickPipeline, withRunning } from '../../src/cli/control-cli.ts';
import { pickCloud } from '../../src/cli/fleet.ts';
import { FogrunError } from '../../src/contract/errors.ts';
import { actorStatus, FakeControl, pipelineStatus, startControl } from '../helpers/fake-control.ts';
import { privateDirectory } from '../runtime/ipc-fixtures.ts';

/** Fake pipelines that run, by name, with the actors that they have. */
async function running(t: ExecutionContext, pipelines: Record<string, readonly string[]>): Promise<string> {
  const state = await privateDirectory(t);
  for (const [name, actors] of Object.entries(pipelines)) {
    const control = new FakeControl(name);
    control.current = pipelineStatus({ pipeline: name, actors: actors.map((actor) => actorStatus(actor)) });
    await startControl(t, { state, control });
  }
  return state;
}

const picked = (state: string, word: string) =>
  withRunning(state, async (found) => {
    const { control, actor } = await pickActor(found, word);
    return `${control.pipeline}/${actor}`;
  });

async function refusal(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: FogrunError });
  const { code, message, advice } = error as FogrunError;
  return `${code}: ${message} · ${advice}`;
}

test('an actor is meant by pipeline and name, or by a name that only one has', async (t) => {
  const state = await running(t, {
    edge: ['rotator', 'uploader'],
    cloud: ['receiver', 'receiver/127.0.0.1:1'],
  });
  t.is(await picked(state, 'edge/uploader'), 'edge/uploader');
  t.is(await picked(state, 'uploader'), 'edge/uploader');
  t.is(await picked(state, 'cloud/receiver/127.0.0.1:1'), 'cloud/receiver/127.0.0.1:1');
  t.is(await picked(state, 'receiver/127.0.0.1:1'), 'cloud/receiver/127.0.0.1:1');
  // The pipeline itself knows best what it has.
  t.is(await picked(state, 'edge/nobody'), 'edge/nobody');
});

test('a name that two have is refused with both, and one that nobody has with those like it', async (t) => {
  const state = await running(t, { north: ['uploader'], south: ['uploader', 'rotator'] });
  t.is(
    await refusal(t, picked(state, 'uploader')),
    'control-ambiguous: uploader could be `north/uploader` or `south/uploader` · Write PIPELINE/ACTOR.',
  );
  t.regex(
    await refusal(t, picked(state, 'rotatr')),
    /^control-unknown: no running pipeline has an actor rotatr: did you mean `south\/rotator`\?/,
  );
  t.regex(await refusal(t, picked(state, 'x')), /^control-unknown: no running pipeline has an actor x · /);
  t.regex(
    await refusal(t, picked(state, 'south')),
    /^control-unknown: south is a pipeline; it has the actors `south\/uploader` and `south\/rotator`/,
  );
  t.regex(
    await refusal(t, picked(state, 'nort/uploader')),
    /^control-absent: no pipeline nort runs .*: did you mean `north`\?/,
  );
});

test('the only pipeline need not be named, two must be', async (t) => {
  const pick = (state: string, name?: string) =>
    withRunning(state, async (found) => pickPipeline(found, name).pipeline);
  t.is(await pick(await running(t, { edge: [] })), 'edge');
  const two = await running(t, { edge: [], cloud: [] });
  t.is(await pick(two, 'cloud'), 'cloud');
  t.is(
    await refusal(t, pick(two)),
    'control-ambiguous: `cloud` and `edge` run: which one is meant? · Name one of them.',
  );
  t.regex(await refusal(t, pick(two, 'other')), /: no pipeline other runs .*: there is `cloud` and `edge`/);
});

test('where nothing runs, the directory that was looked in is named, and what to do', async (t) => {
  const state = await privateDirectory(t);
  await mkdir(join(state, 'edge'));
  for (const where of [state, join(state, 'nowhere')]) {
    const text = await refusal(t, picked(where, 'edge/uploader'));
    t.true(
      text.startsWith(`control-absent: no pipeline edge runs whose state is in ${where}, nor any other · `),
    );
    t.regex(text, /Start one with `fogrun FILE`.*--state DIR or FOGRUN_STATE/);
  }
});

test('a fleet is asked of the cloud; where one pipeline could not be asked, that is said and nothing else', async (t) => {
  const state = await running(t, { shed: ['uploader'] });
  const asked = (problems: readonly string[]) =>
    withRunning(state, async (found) => {
      const hung = problems.map((pipeline) => ({
        pipeline,
        problem: { code: 'control-lost' as const, message: 'did not greet within 2000 ms', advice: '' },
      }));
      return (await pickCloud({ ...found, problems: hung }, undefined)).pipeline;
    });
  t.regex(await refusal(t, asked([])), /^control-absent: no cloud is among the pipelines that run here/);
  const hung = await refusal(t, asked(['shore']));
  t.regex(hung, /: `shore` could not be asked, and no other pipeline that runs here is a cloud · /);
  t.notRegex(hung, /knows of nobody/);
});

test('names that no pipeline has are told to whoever wants a console of them, with those that there are', async (t) => {
  const state = await running(t, { shore: ['receiver'] });
  t.is(await unknownText(state, ['shore']), null);
  t.is(await unknownText(state, []), null);
  t.regex((await unknownText(state, ['shoer']))!, /^no pipeline `shoer` .*did you mean `shore`\?/);
  t.regex((await unknownText(state, ['nope', 'shore']))!, /^no pipeline `nope` .*\(there is `shore`\)/);
});
