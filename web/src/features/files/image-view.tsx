import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';

/** What pictures begin with. Only formats that hold nothing but pixels: no SVG. */
const SIGNATURES: readonly [type: string, at: number, bytes: readonly number[]][] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
  ['image/bmp', 0, [0x42, 0x4d]],
];

/** @returns the type that bytes are a picture of, by what is in them; null for everything else, whatever its name says. */
export function imageTypeOf(bytes: Uint8Array): string | null {
  const found = SIGNATURES.find(([, at, signature]) => signature.every((byte, index) => bytes[at + index] === byte));
  return found?.[0] ?? null;
}

/** A picture from the router, as a blob of the type that its bytes show. */
export function ImageView({ bytes, type, name }: { bytes: Uint8Array<ArrayBuffer>; type: string; name: string }) {
  const [address, setAddress] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return (
    <div className="np-file-body np-image">
      {broken ? (
        <Text c="dimmed">The browser cannot show this picture.</Text>
      ) : (
        address !== null && <img src={address} alt={name} onError={() => setBroken(true)} />
      )}
    </div>
  );
}
