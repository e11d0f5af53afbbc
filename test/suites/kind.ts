/** What every kind must keep, built in or brought along. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { AnyStateNode } from 'xstate';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ActorKind, TaskIo } from '../../src/contract/kind.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { deepCheckKind } from '../../src/runtime/deep-check.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { supervise } from '../../src/runtime/supervisor.ts';
import { deadlinesEnd, endsByItself, follow, hasTag, reachable } from '../../src/runtime/walk.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

type Effects = Record<string, (...args: never[]) => unknown>;

export interface KindSuite {
  readonly kind: ActorKind;
  /** The file of the kind, from the root of the repository. */
  readonly file: string;
  /** How the other effects must behave so that this one is called; those not named wait. */
  readonly reach?: Record<string, Effects>;
}

const fieldsWithin = (schema: unknown): { path: string; field: Record<string, unknown> }[] => {
  const found: { path: string; field: Record<string, unknown> }[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'properties') {
        for (const [name, field] of Object.entries(inner as object))
          found.push({ path: `${path}.${name}`, field });
      }
      visit(inner, key === 'properties' ? path : `${path}.${key}`);
    }
  };
  visit(schema, '');
  return found;
};

const waiting = (_: unknown, signal?: AbortSignal) =>
  new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));

/** Effects that do nothing at all, for as long as they are let. */
function idleEffects(kind: ActorKind): Effects {
  const made: Effects = {};
  for (const [name, { as }] of Object.entries(kind.effects)) {
    if (as === 'task') made[name] = (io: TaskIo<unknown, never>) => waiting(undefined, io.signal);
    else if (as === 'request') made[name] = waiting;
    else made[name] = () => 1_000;
  }
  return made;
}

const nameOf = (leaf: AnyStateNode) => leaf.path.join('.');

/** Titles begin with the kind's name. */
export function testKind({ kind, file, reach = {} }: KindSuite): void {
  const config = () => {
    const [declared] = Object.values(parse(kind.example) as Record<string, Record<string, unknown>>);
    const { kind: _, to: __, process: ___, ...rest } = declared!;
    return kind.config.parse(rest);
  };
  const never = new AbortController().signal;
  const machine = () => buildStatechart(kind, idleEffects(kind), never);
  const leaves = () => reachable(machine());
  const title = (sentence: string) => `${kind.name}: ${sentence}`;

  test(title('says its name, its purpose in one sentence, and an example that its schema takes'), (t) => {
    t.regex(kind.name, /^[a-z]+(-[a-z]+)*$/);
    t.regex(kind.purpose, /^[A-Z].*\.$/);
    const example = parse(kind.example) as Record<string, { kind: string; to?: string }>;
    t.is(Object.keys(example).length, 1);
    t.is(Object.values(example)[0]!.kind, kind.name);
    t.is(Object.values(example)[0]!.to !== undefined, kind.emits !== null);
    t.notThrows(config);
  });

  test(title('has a strict schema with a description on every field'), (t) => {
    const schema = z.toJSONSchema(kind.config, { io: 'input' });
    for (const { path, field } of fieldsWithin(schema)) t.truthy(field.description, `description of ${path}`);
    const objects = (value: unknown): Record<string, unknown>[] => {
      if (typeof value !== 'object' || value === null) return [];
      const own = (value as { type?: unknown }).type === 'object' ? [value as Record<string, unknown>] : [];
      return [...own, ...Object.values(value).flatMap(objects)];
    };
    for (const object of objects(schema)) {
      // A mapping of names to objects says what names are, and its objects are strict in turn.
      const closed = object.propertyNames ? typeof object.additionalProperties === 'object' : false;
      t.true(closed || object.additionalProperties === false, JSON.stringify(object).slice(0, 80));
    }
    t.false(kind.config.safeParse({ ...config(), 'no-such-key': 1 }).success);
  });

  test(title('lists what each effect is and does, and needs no other'), (t) => {
    for (const [name, { as, does }] of Object.entries(kind.effects)) {
      t.true(['request', 'task', 'instant'].includes(as), name);
      t.regex(does, /^[A-Z].*\.$/, name);
    }
    const asked = new Set<string>();
    const effects = new Proxy(idleEffects(kind), {
      get: (target, name: string) => {
        asked.add(name);
        return target[name];
      },
    });
    kind.statechart(effects);
    for (const name of asked) t.true(Object.hasOwn(kind.effects, name), `${name} is not listed`);
    for (const [name, { as }] of Object.entries(kind.effects)) {
      if (as !== 'instant') t.true(asked.has(name), `${name} is listed and not used`);
    }
  });

  test(title('is not built when an effect is missing'), (t) => {
    for (const name of Object.keys(kind.effects)) {
      const { [name]: _, ...rest } = idleEffects(kind);
      const thrown = t.throws(() => buildStatechart(kind, rest, never));
      t.is((thrown as { code?: string }).code, 'effect-missing');
      t.regex(thrown!.message, new RegExp(`${kind.name}.*${name}`));
    }
  });

  test(title('comes to a final state on STOP, from everywhere, even when nobody answers'), (t) => {
    for (const leaf of leaves().filter(({ type }) => type !== 'final')) {
      const targets = follow(leaf, 'STOP');
      t.true(targets.length > 0, `STOP in ${nameOf(leaf)}`);
      for (const target of targets)
        t.true(deadlinesEnd(target), `${nameOf(leaf)} - STOP -> ${nameOf(target)}`);
    }
  });

  test(title('waits without a deadline only where it may rest'), (t) => {
    for (const leaf of leaves()) {
      if (leaf.type === 'final') continue;
      t.true(hasTag(leaf, 'rest') || endsByItself(leaf), nameOf(leaf));
      t.false(hasTag(leaf, 'rest') && hasTag(leaf, 'trouble'), `${nameOf(leaf)} rests in trouble`);
    }
  });

  test(title('reaches every state it declares, and gives up only in final ones'), (t) => {
    const built = machine();
    const found = new Set(reachable(built));
    const visit = (node: AnyStateNode): void => {
      const children = Object.values(node.states) as AnyStateNode[];
      if (children.length === 0) t.true(found.has(node), `${nameOf(node)} cannot be reached`);
      children.forEach(visit);
    };
    visit(built.root);
    const failed = [...found].filter((leaf) => hasTag(leaf, 'failed'));
    t.true(failed.length > 0);
    for (const leaf of failed) t.is(leaf.type, 'final', nameOf(leaf));
  });

  test(title('passes `fogrun check --deep`'), (t) => {
    t.deepEqual(deepCheckKind(kind).flaws, []);
  });

  const bugs = {
    'thrown at once': () => {
      throw new TypeError('a bug');
    },
    'thrown later': async () => {
      await null;
      throw new TypeError('a bug');
    },
  };
  for (const [name, { as }] of Object.entries(kind.effects)) {
    if (as === 'instant') {
      test(title(`a bug in ${name} ends as failed within the bounds of its supervisor`), async (t) => {
        const clock = createVirtualClock();
        let calls = 0;
        const bug = () => {
          calls += 1;
          throw new TypeError('a bug');
        };
        const supervised = supervise({
          name: 'tested',
          build: (life) => buildStatechart(kind, { ...idleEffects(kind), ...reach[name], [name]: bug }, life),
          input: { config: config() },
          clock,
          report: () => {},
        });
        const end = await clock.until(supervised.ended, 86_400_000);
        t.like(end, { how: 'failed', cause: { code: 'restart-limit' } });
        t.regex(end.how === 'failed' ? end.cause.message : '', /a bug/);
        t.true(calls <= 10, `${calls} calls`);
        t.is(clock.pending, 0);
      });
      continue;
    }
    for (const [how, bug] of Object.entries(bugs)) {
      test(title(`a bug in ${name}, ${how}, ends as failed and is not tried again`), async (t) => {
        const clock = createVirtualClock();
        let calls = 0;
        const broken = () => {
          calls += 1;
          return bug();
        };
        const effects = { ...idleEffects(kind), ...reach[name], [name]: broken };
        const actor = runActor(buildStatechart(kind, effects, never), {
          clock,
          report: () => {},
          input: { config: config() },
        });
        const end = await clock.until(actor.ended, 86_400_000);
        t.like(end, { how: 'failed', cause: { code: 'internal', message: 'TypeError: a bug' } });
        t.is(calls, 1);
        t.is(clock.pending, 0);
      });
    }
    if (as !== 'task') continue;
    test(title(`does not go on as if nothing were wrong when ${name} ends unasked`), async (t) => {
      const clock = createVirtualClock();
      const effects = { ...idleEffects(kind), ...reach[name], [name]: async () => {} };
      const actor = runActor(buildStatechart(kind, effects, never), {
        clock,
        report: () => {},
        input: { config: config() },
      });
      t.like(await clock.until(actor.ended, 86_400_000), { how: 'failed', cause: { code: 'internal' } });
      t.is(clock.pending, 0);
    });
  }

  test(title('imports nothing but xstate, zod, domain and contract'), async (t) => {
    const source = await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');
    const imports = [...source.matchAll(/\bfrom '([^']+)'|\bimport\(?\s*'([^']+)'/g)].map(
      (m) => m[1] ?? m[2]!,
    );
    t.true(imports.length > 0);
    for (const name of imports) t.regex(name, /^(xstate|zod|\.\.\/src\/(domain|contract)\/[a-z-]+\.ts)$/);
    t.notRegex(source, /\b(Date\.now|Math\.random|setTimeout|performance\.now|process\.)/);
  });
}
