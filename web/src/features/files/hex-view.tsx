import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { FileCalls } from './file-calls.ts';
import { ROW_BYTES, hexRow } from './hex-rows.ts';

/** Bytes that are asked for at once. */
const PAGE_BYTES = 65_536;
/** A browser has no room for more rows one below the other. */
const MAX_BYTES = 16_777_216;
const ROW_HEIGHT = 22;

interface HexViewProps {
  calls: FileCalls;
  path: RouterPath;
  size: number;
  /** What is here already, from the first byte on. */
  first: Uint8Array;
}

/** The bytes of a file; what is not here yet is fetched when it is scrolled to. */
export function HexView({ calls, path, size, first }: HexViewProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const length = Math.min(Math.max(size, first.length), MAX_BYTES);
  const virtual = useVirtualizer({
    count: Math.ceil(length / ROW_BYTES),
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const pages = new Set(items.map(({ index }) => Math.floor((index * ROW_BYTES) / PAGE_BYTES)));
  const wanted = [...pages].filter((page) => (page + 1) * PAGE_BYTES > first.length && page * PAGE_BYTES < size);
  const fetched = useQueries({
    queries: wanted.map((page) => ({
      queryKey: ['file-bytes', path, calls.contentAddress(path), size, page],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        new Uint8Array(await (await calls.content(path, page * PAGE_BYTES, PAGE_BYTES, signal)).arrayBuffer()),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 60_000,
      retry: 1,
    })),
  });
  const bytesAt = (at: number): Uint8Array | null => {
    if (at + ROW_BYTES <= first.length || first.length >= length) return first.subarray(at, at + ROW_BYTES);
    const page = Math.floor(at / PAGE_BYTES);
    const data = fetched[wanted.indexOf(page)]?.data;
    return data?.subarray(at - page * PAGE_BYTES, at - page * PAGE_BYTES + ROW_BYTES) ?? null;
  };
  return (
    <>
      {size > MAX_BYTES && (
        <Text size="sm" c="dimmed" px="md" py={4}>
          The first {sizeWords(MAX_BYTES)} of {sizeWords(size)}.
        </Text>
      )}
      <div ref={scroll} className="np-file-body np-hex" tabIndex={0} role="region" aria-label="Bytes">
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const bytes = bytesAt(index * ROW_BYTES);
            const { offset, hex, text } = hexRow(bytes ?? Uint8Array.of(), index * ROW_BYTES);
            return (
              <div key={index} className="np-hex-row" style={{ transform: `translateY(${start}px)` }}>
                <span className="np-hex-offset">{offset}</span>
                <span className="np-hex-bytes">{bytes === null ? '…' : hex}</span>
                <span className="np-hex-text">{text}</span>
              </div>
            );
          })}
        </div>
      </div>
      {length === 0 && (
        <Text c="dimmed" p="md">
          The file is empty.
        </Text>
      )}
    </>
  );
}
