/** Effects of the kind `uploader`: one connection at a time, driven by the statechart. */
import type { UploadCommand, UploadEvent, UploaderConfig, UploaderEffects } from '../../machines/uploader.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { InPort, SealedNotice } from '../contract/port.ts';
import { statesStream } from '../contract/state-records.ts';
import { plainAlarm } from '../contract/tls-config.ts';
import type { Connection, Transport } from '../contract/transport.ts';
import { formatSize } from '../domain/quantities.ts';
import { counted } from '../domain/text.ts';
import type { EdgeIdentity } from './edge-identity.ts';
import { keepRetention } from './retention.ts';
import { openUpload, type Upload, type UploadEnv } from './upload.ts';

export interface UploaderEnv extends Omit<UploadEnv, 'config' | 'credential' | 'emit' | 'fail' | 'lost'> {
  readonly transport: Transport;
  readonly input: InPort<SealedNotice>;
  readonly retryInMs: (attempt: number) => number;
  /** Who this edge is to the cloud, where that takes more than its word. */
  readonly identity?: Pick<EdgeIdentity, 'credential'> | undefined;
}

const noticeLimits = { itemsMax: 1_024, bytesMax: 2 ** 20 };

export function uploaderEffects(env: UploaderEnv): UploaderEffects {
  /** A fork goes on when the statechart leaves for `paused`; no link may begin under the epoch that it ends. */
  let forked: Promise<void> = Promise.resolve();
  return {
    retryInMs: env.retryInMs,
    fork({ cause }) {
      const done = env.store.fork(env.cursor, cause.message);
      forked = done.catch(() => {});
      return done;
    },
    async link({ input: config, signal, emit, receive }) {
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const line = createLine(env, config, emit, failure.reject, () => forked);
      receive((command) => line.carryOut(command));
      signal.addEventListener('abort', () => line.drop(), { once: true });
      const { host, port } = config.cloud;
      const alarm = plainAlarm('dials', host, port, config.tls);
      if (alarm !== null) {
        env.report({ type: 'alarm', about: 'insecure', text: alarm });
        const over = () => env.report({ type: 'alarm', about: 'insecure', text: null });
        signal.addEventListener('abort', over, { once: true });
      }
      const notices = env.input.consume(noticeLimits, signal, async () => emit({ type: 'BACKLOG' }));
      const kept = keepRetention(env, config.retention, signal);
      await Promise.race([notices, failure.promise, kept.then(() => notices)]);
    },
  };
}

/** The one connection that may be there, and what the statechart wants of it. */
function createLine(
  env: UploaderEnv,
  config: UploaderConfig,
  emit: (event: UploadEvent) => void,
  fail: (thrown: unknown) => void,
  ready: () => Promise<void>,
) {
  let dialling: AbortController | undefined;
  let connection: Connection | undefined;
  let upload: Upload | undefined;
  let credential: string | undefined;

  const drop = () => {
    const [attempt, line, own] = [dialling, connection, upload];
    // First of all, so that their ends, which we want, are not told as a loss.
    dialling = connection = upload = undefined;
    attempt?.abort();
    own?.destroy();
    line?.destroy();
  };
  const lost = (cause: Problem) => {
    drop();
    emit({ type: 'LOST', cause });
    tellBacklog();
  };
  /** Where the readings are while they cannot leave. */
  const tellBacklog = () => {
    if (env.store.status().state === 'failed') return;
    const { segments, readings, bytes } = env.store.backlog(env.cursor, statesStream);
    if (segments === 0) return;
    const text = `${counted(segments, 'segment')} with ${counted(readings, 'reading')} (${formatSize(bytes)}) wait here`;
    env.report({ type: 'note', text });
  };
  const dial = async () => {
    drop();
    const attempt = new AbortController();
    dialling = attempt;
    const { host, port } = config.cloud;
    await ready();
    if (dialling !== attempt) return;
    try {
      credential = await env.identity?.credential();
      if (dialling !== attempt) return;
      const made = await env.transport.dial({
        host,
        port,
        timeoutMs: config['connect-timeout'],
        signal: attempt.signal,
      });
      if (dialling !== attempt) return made.destroy();
      dialling = undefined;
      connection = made;
      emit({ type: 'CONNECTED', remote: made.remote });
    } catch (thrown) {
      if (dialling === attempt) lost(toProblem(thrown));
    }
  };
  const greet = async () => {
    if (!connection) return;
    const own = openUpload(connection, {
      ...env,
      config,
      credential,
      emit,
      fail,
      lost: (cause) => own === upload && lost(cause),
    });
    upload = own;
    connection = undefined;
    try {
      const outcome = await own.greet();
      if (own !== upload) return;
      if (outcome.type === 'GREETED') tellBacklog();
      emit(outcome);
    } catch (thrown) {
      const cause = toProblem(thrown);
      if (own !== upload) return;
      if (thrown instanceof FogrunError && cause.code !== 'store-failed') lost(cause);
      else fail(thrown);
    }
  };
  const sayGoodbye = async () => {
    dialling?.abort();
    dialling = undefined;
    const own = upload;
    if (own) await own.goodbye();
    if (own === upload) drop();
    emit({ type: 'DOWN' });
  };

  return {
    drop,
    carryOut(command: UploadCommand): void {
      switch (command.type) {
        case 'DIAL':
          dial().catch(fail);
          break;
        case 'GREET':
          greet().catch(fail);
          break;
        case 'SEND':
          upload?.send().catch(fail);
          break;
        case 'GOODBYE':
          sayGoodbye().catch(fail);
          break;
        case 'DROP':
          drop();
          break;
      }
    },
  };
}
