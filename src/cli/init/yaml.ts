/** The text of the pipelines that `fogrun init` writes. */
import { isLoopback } from '../../contract/address.ts';
import type { Answers } from './answers.ts';
import type { Columns } from './columns.ts';

/** Text in YAML that stays what it is, also if it looks like a number or a variable. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll('${', () => '$${');
}

export interface EdgeFacts extends Answers {
  /** Of the pipeline. */
  readonly name: string;
  /** Of a CSV file. */
  readonly columns: Columns | null;
}

export function edgeYaml(facts: EdgeFacts): string {
  const { name, edge, cloud } = facts;
  const where = cloud
    ? `{ host: ${text(cloud.host)}, port: ${cloud.port} }`
    : `{ host: 127.0.0.1, port: "\${CLOUD_PORT:-7070}" } # the one in cloud.yaml`;
  const isHere = cloud === null || isLoopback(cloud.host);
  const keys = isHere
    ? `"\${FOGRUN_TLS:-}" } # set it once the cloud is on another machine`
    : `"\${FOGRUN_TLS:-keys}" } # the folder of this device, as \`fogrun keys device\` made it on the cloud`;
  return `# The device's side, made by \`fogrun init\`. \`fogrun check\` finds mistakes, \`fogrun kinds KIND\` explains settings.
fogrun: 1
pipeline: ${text(name)}
edge: ${text(edge)} # who this device is; the cloud files its readings under this name
# The buffer on disk: readings stay here until the cloud has them.
store: { path: "\${FOGRUN_STATE:-.fogrun}/${name}", max: 256MiB, when-full: block }

actors:
${sourceYaml(facts)}
  # Accepts readings into the store and seals segments, which are what is uploaded.
  rotator:
    kind: file-rotator
    every: "\${ROTATE_EVERY:-15s}"
    # commit-every: 10s # spares an SD card
    to: uploader

  # Connects, sends, waits for acknowledgements, and tries again for as long as it takes.
  uploader:
    kind: uploader
    cloud: ${where}
    tls: { dir: ${keys}
    compression: zstd
    to: acks

  # Deletes what the cloud has on its disk, and tells its forecasts.
  acks:
    kind: ack-handler
`;
}

function sourceYaml({ source, every, columns }: EdgeFacts): string {
  switch (source.type) {
    case 'simulated':
      return `  # A barometer that is not there; its readings are marked \`simulated\`.
  sensor:
    kind: simulated-sensor
    device: simulated
    sensor: pressure
    unit: hPa
    every: ${every}
    to: rotator
`;
    case 'tinkerforge':
      return `  # \`fogrun devices ${source.host}\` lists what the brick daemon has.
  barometer:
    kind: sensor-poller
    device:
      host: ${text(source.host)}
      port: ${source.port}
      type: barometer # or another that \`fogrun kinds sensor-poller\` lists
      uid: "" # empty: the only one of that type
      secret: "\${TINKERFORGE_SECRET:-}"
    every: ${every}
    to: rotator
`;
    case 'file':
      return `  # Each line of JSON gets into the store exactly once, also through rotation and restarts.
  log:
    kind: file-source
    path: ${text(source.path)} # waited for while it is not there
    mode: tail # \`once\` reads what is there and is done
    to: rotator
`;
    case 'csv':
      return csvYaml(source.path, columns!);
    case 'tcp':
      return `  # One value of JSON a line, from any program on this machine.
  lines:
    kind: tcp-source
    host: 127.0.0.1 # with 0.0.0.0 and \`insecure: true\` from everywhere; nobody is asked who they are
    port: ${source.port}
    acks: false # true: each connection is told what was accepted
    to: rotator
`;
    case 'http':
      return `  # JSON posted by any program on this machine; answered once it is on the disk.
  posts:
    kind: http-source
    host: 127.0.0.1 # with 0.0.0.0 and \`insecure: true\` from everywhere; nobody is asked who they are
    port: ${source.port}
    to: rotator
`;
  }
}

function csvYaml(path: string, { delimiter, decimal, time, values, units }: Columns): string {
  const when = time
    ? `    time: { column: ${text(time.column)}, format: ${time.format} }${time.format === 'iso' ? ' # times without a zone count as UTC' : ''}\n`
    : '    # time: { column: NAME } # without it each reading has the time it is read at\n';
  const list = values.map(
    (column, i) =>
      `      - { column: ${text(column)}, sensor: ${text(column)}, unit: ${text(units[i]!)} }${units[i] ? ' # guessed from the name' : ''}\n`,
  );
  return `  # Each row exactly once, also through restarts.
  history:
    kind: csv-source
    path: ${text(path)}
    speed: max # or a number: that many times as fast as it was recorded
    delimiter: ${text(delimiter)}
    decimal: ${text(decimal)}
${when}    values: # as the header has them; check the units, and put in those that are missing
${list.join('')}    to: rotator
`;
}

export function cloudYaml({ altitude }: Answers): string {
  return `# The server's side, made by \`fogrun init\`: stores, acknowledges, files under \`data/\`, and answers with a forecast.
fogrun: 1
pipeline: cloud
store: { path: "\${FOGRUN_STATE:-.fogrun}/cloud", max: 1GiB }

actors:
  receiver:
    kind: cloud-receiver
    host: 127.0.0.1 # 0.0.0.0 takes edges from everywhere; that wants keys
    port: "\${CLOUD_PORT:-7070}"
    tls: { dir: "\${FOGRUN_TLS:-}" } # the directory that \`fogrun keys init\` made
    to: forecaster

  forecaster:
    kind: forecaster
    sensor: pressure
    altitude: ${altitude} # of the barometers above sea level, m; \`none\` takes pressure as it is
    to: receiver
`;
}
