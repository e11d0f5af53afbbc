/** The text of a systemd unit. Sources of its settings: systemd.unit(5), systemd.service(5), systemd.exec(5). */
import { drainDeadlineMs } from '../../runtime/pipeline.ts';

export interface UnitFacts {
  /** Of the service, without `fogrun-`. */
  readonly name: string;
  readonly user: boolean;
  readonly pipelines: readonly string[];
  /** Absolute: node, the program, its files. */
  readonly command: readonly string[];
  readonly environmentFile: string;
  readonly stateDirectory: string;
  /** The state is where systemd makes it by itself, /var/lib. */
  readonly stateIsDefault: boolean;
  /** Further directories that pipelines write to. */
  readonly writes: readonly string[];
  /** Who runs it; `null` leaves that to systemd. */
  readonly runAs: string | null;
  /** Of systemd; `null` when it is not known. */
  readonly version: number | null;
}

/** By this a unit is known as ours. */
export const unitMark =
  '# Written by `fogrun service install`; what is changed here is overwritten by the next one.';

export const unitName = (name: string) => `fogrun-${name}.service`;

const watchdogSeconds = 60;
/** Longer than the orderly end and the kill of children after it. */
const stopSeconds = Math.ceil(drainDeadlineMs / 1_000) + 15;
/** A store that is read through after a crash takes as long as the disk needs. */
const startSeconds = 900;
/** First version with delays between starts that grow. */
const growingDelaysVersion = 254;

export function unitText(facts: UnitFacts): string {
  const { name, user, pipelines, version } = facts;
  return sections([
    [
      'Unit',
      `Description=fogrun ${literal(pipelines.join(', '))}`,
      // A user's manager knows no network; the uploader tries again by itself anyway.
      ...(user ? [] : ['Wants=network-online.target', 'After=network-online.target time-sync.target']),
      // An edge that gave up would need somebody to walk there.
      'StartLimitIntervalSec=0',
    ],
    [
      'Service',
      'Type=notify',
      // systemd-notify is a process of its own.
      'NotifyAccess=all',
      `ExecStart=${facts.command.map(commandWord).join(' ')}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      `WorkingDirectory=${literal(facts.stateDirectory)}`,
      `Environment=${quote(`FOGRUN_STATE=${facts.stateDirectory}`)}`,
      `EnvironmentFile=-${literal(facts.environmentFile)}`,
      ...(facts.runAs === null ? [] : [`User=${facts.runAs}`]),
      'SyslogIdentifier=fogrun',
      `WatchdogSec=${watchdogSeconds}`,
      'WatchdogSignal=SIGKILL',
      `TimeoutStartSec=${startSeconds}`,
      `TimeoutStopSec=${stopSeconds}`,
      // The parent drains its children; whoever is left then is killed.
      'KillMode=mixed',
      'Restart=always',
      ...(version !== null && version >= growingDelaysVersion
        ? ['RestartSec=1', 'RestartSteps=6', 'RestartMaxDelaySec=60']
        : ['RestartSec=5']),
      // Wrong input stays wrong.
      'RestartPreventExitStatus=2',
      'LimitNOFILE=65536',
      'UMask=0077',
      'NoNewPrivileges=yes',
      ...(user ? [] : hardening(name, facts)),
    ],
    ['Install', `WantedBy=${user ? 'default' : 'multi-user'}.target`],
  ]);
}

/** What a pipeline never needs. Not MemoryDenyWriteExecute: V8 compiles into memory. */
function hardening(name: string, facts: UnitFacts): string[] {
  // A /tmp of its own would hide what lies in the one of all.
  const ownTmp = ![...facts.command, facts.stateDirectory, ...facts.writes].some(isTemporary);
  const writes = [
    ...(facts.stateIsDefault ? [] : [facts.stateDirectory]),
    ...facts.writes,
    ...(ownTmp ? [] : ['/tmp']),
  ];
  return [
    ...(facts.stateIsDefault ? [`StateDirectory=fogrun-${name}`, 'StateDirectoryMode=0700'] : []),
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    ...(writes.length > 0 ? [`ReadWritePaths=${writes.map(quote).join(' ')}`] : []),
    ...(ownTmp ? ['PrivateTmp=yes'] : []),
    'PrivateDevices=yes',
    'ProtectKernelTunables=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelLogs=yes',
    'ProtectControlGroups=yes',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    // Root needs one of them to read what belongs to others.
    ...(facts.runAs === null ? [] : ['CapabilityBoundingSet=']),
    'SystemCallArchitectures=native',
  ];
}

const isTemporary = (path: string) => /^\/(?:var\/)?tmp(?:\/|$)/.test(path);

function sections(list: readonly (readonly [string, ...string[]])[]): string {
  const texts = list.map(([title, ...lines]) => `[${title}]\n${lines.join('\n')}\n`);
  return `${unitMark}\n${texts.join('\n')}`;
}

/** A percent sign begins a specifier. */
function literal(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One item of a list, or one assignment. */
function quote(word: string): string {
  return `"${literal(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** One word of a command line, where also variables are put in. */
function commandWord(word: string): string {
  return quote(word).replaceAll('$', '$$$$');
}

/** Settings that differ, as `Key: before → after`; keys without a value on one side are added or gone. */
export function unitChanges(before: string, after: string): string[] {
  const [old, now] = [settings(before), settings(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    if (was === is) return [];
    if (was === undefined) return [`${key}=${is} is new`];
    return is === undefined ? [`${key} is gone`] : [`${key}: ${was} → ${is}`];
  });
}

function settings(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z]/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
