/** The catalogue: every kind that a pipeline file can name without bringing its own. */
import type { ActorKind } from '../src/contract/kind.ts';
import { ackHandler } from './ack-handler.ts';
import { cloudReceiver } from './cloud-receiver.ts';
import { csvSource } from './csv-source.ts';
import { fileRotator } from './file-rotator.ts';
import { fileSource } from './file-source.ts';
import { forecaster } from './forecaster.ts';
import { httpSource } from './http-source.ts';
import { sensorPoller } from './sensor-poller.ts';
import { simulatedSensor } from './simulated-sensor.ts';
import { tcpSource } from './tcp-source.ts';
import { tinkerforgeEmulator } from './tinkerforge-emulator.ts';
import { uploader } from './uploader.ts';

export const builtInKinds = [
  tinkerforgeEmulator,
  sensorPoller,
  simulatedSensor,
  tcpSource,
  httpSource,
  fileSource,
  csvSource,
  fileRotator,
  uploader,
  ackHandler,
  cloudReceiver,
  forecaster,
] as const;

export type BuiltInKind = (typeof builtInKinds)[number];

/** The catalogue by name, in the order data flows. */
export const kinds: ReadonlyMap<string, ActorKind> = new Map(builtInKinds.map((kind) => [kind.name, kind]));
