import { Group, Skeleton } from '@mantine/core';
import { useRecordingVerification } from '../../api/queries.ts';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { verificationWords } from './recording-words.ts';

/** Whether the recording is what was written, as its hash chain and signatures say. */
export function Integrity({ recordingId }: { recordingId: string }) {
  const { data, error, refetch } = useRecordingVerification(recordingId);
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <Group role="status" aria-label="Checking the recording">
        <Skeleton height={56} radius="md" />
      </Group>
    );
  }
  const { title, detail, tone } = verificationWords(data);
  return (
    <Notice tone={tone} title={title} urgent={data.state === 'broken'}>
      {detail}
    </Notice>
  );
}
