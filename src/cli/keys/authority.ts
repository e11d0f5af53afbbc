/** Makes certificates: the one place that knows the library for it, loaded by `fogrun keys` alone. */
import { createHash, createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { BitString, Integer, OctetString, Utf8String } from 'asn1js';
import {
  AltName,
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
} from 'pkijs';
import { FogrunError } from '../../contract/errors.ts';

/** A certificate and its private key, both as PEM. */
export interface Made {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** An authority outlives its devices: to exchange it, all of them must be visited. */
const caDays = 3_650;
const days = { server: 397, device: 397 } as const;
/** Clocks of devices are behind at times. */
const earlierMs = 3_600_000;

/** Object identifiers of RFC 5280. */
const oid = {
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  altName: '2.5.29.17',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  device: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits of keyUsage, as its first byte. */
const usage = { digitalSignature: 0x80, certAndListSign: 0x06 } as const;

/** A new certificate authority, which can sign certificates and nothing else. */
export async function makeAuthority(nowMs: number): Promise<Made> {
  const keys = await newKeys();
  const certificate = await begun(`fogrun authority ${randomBytes(4).toString('hex')}`, nowMs, caDays, keys);
  certificate.issuer = certificate.subject;
  certificate.extensions!.push(
    extension(oid.constraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    extension(oid.keyUsage, bits(usage.certAndListSign), true),
  );
  await certificate.sign(keys.privateKey, algorithm.hash);
  return made(certificate, keys);
}

/**
 * A certificate for one side of a link, with a key of its own.
 * @param wish.as a device cannot stand in for a server, nor a server for a device
 * @param wish.hosts names and addresses that a server answers to
 */
export async function makeCertificate(
  authority: Made,
  wish: { as: 'server' | 'device'; name: string; hosts: readonly string[]; nowMs: number },
): Promise<Made & { serial: string; expiresMs: number }> {
  const issuer = issuerOf(authority.cert);
  const keys = await newKeys();
  const certificate = await begun(wish.name, wish.nowMs, days[wish.as], keys);
  certificate.issuer = issuer.subject;
  if (certificate.notAfter.value > issuer.notAfter.value) certificate.notAfter.value = issuer.notAfter.value;
  const keyIdentifier = new OctetString({ valueHex: keyId(issuer) });
  certificate.extensions!.push(
    extension(oid.constraints, new BasicConstraints({ cA: false }), true),
    extension(oid.keyUsage, bits(usage.digitalSignature), true),
    extension(oid.extendedUsage, new ExtKeyUsage({ keyPurposes: [oid[wish.as]] })),
    extension(oid.altName, new AltName({ altNames: wish.hosts.map(altName) })),
    extension(oid.authorityKey, new AuthorityKeyIdentifier({ keyIdentifier })),
  );
  await certificate.sign(await signingKeyOf(authority), algorithm.hash);
  const serial = Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString('hex').toUpperCase();
  return { ...(await made(certificate, keys)), serial, expiresMs: certificate.notAfter.value.getTime() };
}

/** What every certificate has. */
async function begun(
  name: string,
  nowMs: number,
  dayCount: number,
  keys: webcrypto.CryptoKeyPair,
): Promise<Certificate> {
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ valueHex: newSerial() });
  certificate.subject.typesAndValues.push(
    new AttributeTypeAndValue({ type: oid.commonName, value: new Utf8String({ value: name }) }),
  );
  // Certificates count in seconds.
  const second = (ms: number) => new Date(Math.floor(ms / 1_000) * 1_000);
  certificate.notBefore.value = second(nowMs - earlierMs);
  certificate.notAfter.value = second(nowMs + dayCount * dayMs);
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  certificate.extensions = [extension(oid.subjectKey, new OctetString({ valueHex: keyId(certificate) }))];
  return certificate;
}

/** RFC 7093, method 1. */
function keyId(certificate: Certificate): ArrayBuffer {
  const key = certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  return whole(createHash('sha256').update(key).digest().subarray(0, 20));
}

interface Encodable {
  toBER?(sizeOnly?: boolean): ArrayBuffer;
  toSchema?(): { toBER(sizeOnly?: boolean): ArrayBuffer };
}

function extension(extnID: string, value: Encodable, critical = false): Extension {
  const extnValue = value.toSchema ? value.toSchema().toBER(false) : value.toBER!(false);
  return new Extension({ extnID, critical, extnValue });
}

/** A named bit list without the zeros at its end, as DER wants it. */
function bits(byte: number): BitString {
  const unusedBits = Math.log2(byte & -byte);
  return new BitString({ valueHex: whole(Buffer.of(byte)), unusedBits });
}

/** As GeneralName: 2 is a name of a host, 7 an address. */
function altName(host: string): GeneralName {
  if (isIP(host) === 0) return new GeneralName({ type: 2, value: host });
  return new GeneralName({ type: 7, value: new OctetString({ valueHex: addressBytes(host) }) });
}

function addressBytes(address: string): ArrayBuffer {
  if (isIP(address) === 4) return whole(Buffer.from(address.split('.').map(Number)));
  // Written out in full: `::` stands for as many zeros as are missing.
  const plain = address.replace(/%.*$/, '').replace(/[^:]*\.[^:]*$/, (four) => {
    const [a, b, c, d] = four.split('.').map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...new Array<number>(zeros).fill(0), ...after];
  return whole(Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff])));
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function made(certificate: Certificate, keys: webcrypto.CryptoKeyPair): Promise<Made> {
  const der = certificate.toSchema(true).toBER(false);
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: pem('CERTIFICATE', der), key: pem('PRIVATE KEY', key) };
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function issuerOf(cert: string): Certificate {
  return Certificate.fromBER(whole(new X509Certificate(cert).raw));
}

/** Throws `keys-unreadable`, without a cause: nothing of a key may get into a message. */
async function signingKeyOf({ cert, key }: Made): Promise<webcrypto.CryptoKey> {
  try {
    const own = createPrivateKey(key);
    if (new X509Certificate(cert).checkPrivateKey(own)) {
      const der = own.export({ format: 'der', type: 'pkcs8' });
      return await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    }
  } catch {
    // Said below.
  }
  throw new FogrunError('keys-unreadable', '`ca.key` is not the key of `ca.crt`', {
    advice: 'Restore both from a backup, as `fogrun keys init` made them.',
  });
}

/** 127 random bits, with the first of them set so that it is a positive number of full length. */
function newSerial(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return whole(bytes);
}

/** The bytes alone: a Buffer may be a view of a larger piece. */
function whole(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
