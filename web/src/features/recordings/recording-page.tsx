import { PLAYED_BYTES, type Recording } from '@netpilot/control-plane/contract/recordings.ts';
import { Button, Skeleton } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useQueryClient } from '@tanstack/react-query';
import { API } from '../../api/client.ts';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useRecording } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { Deletion } from '../../shell/deletion.tsx';
import { BackLink } from '../../shell/links.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { Integrity } from './integrity.tsx';
import { Playback } from './playback.tsx';
import { fileSize } from './recording-words.ts';
import { mayCompileWebAssembly } from './web-assembly.ts';

/** One recording: who, where and when, whether it is intact, and the player. */
export function RecordingPage() {
  const { recordingId = '' } = useParams();
  const recording = useRecording(recordingId);
  const back = <BackLink to={paths.recordings()}>Recordings</BackLink>;
  if (!recording.data) {
    return (
      <Page title="Recording" back={back}>
        {recording.error ? <Trouble error={recording.error} retry={() => void recording.refetch()} /> : <LoadingRows />}
      </Page>
    );
  }
  return <Loaded recording={recording.data} />;
}

function Loaded({ recording }: { recording: Recording }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { id, routerName, userName, startedAt, state, may } = recording;
  const remove = async () => {
    await api.deleteRecording(id);
    await client.invalidateQueries({ queryKey: keys.recordingLists });
    void navigate(paths.recordings(), { replace: true });
  };
  return (
    <Page
      title={routerName}
      lead={`${userName}, ${new Date(startedAt).toLocaleString()}, terminal ${recording.terminalId}`}
      back={<BackLink to={paths.recordings()}>Recordings</BackLink>}
      actions={
        may.download && (
          <Button
            component="a"
            href={`${API}/recordings/${id}/download`}
            download
            variant="default"
            mih={44}
            leftSection={<IconDownload size={18} aria-hidden />}
          >
            Download, {fileSize(recording.fileBytes)}
          </Button>
        )
      }
    >
      {state === 'deleted' ? (
        <Notice tone="info" title="This recording was deleted">
          The audit trail says when and by whom.
        </Notice>
      ) : (
        <>
          <Integrity recordingId={id} />
          {recording.fileBytes > PLAYED_BYTES && (
            <Notice tone="info" title={`The first ${fileSize(PLAYED_BYTES)} are played`}>
              The recording is longer; download it for the rest.
            </Notice>
          )}
          <Player recordingId={id} />
        </>
      )}
      {may.delete && (
        <Deletion
          what="recording"
          name={routerName}
          summary="Recordings are deleted by themselves when your organisation has kept them long enough."
          onDelete={remove}
        >
          Nobody will be able to see what happened in this terminal. The audit trail keeps that you deleted it.
        </Deletion>
      )}
    </Page>
  );
}

/** The player, in a document whose policy allows it: one that was reached from another page is loaded anew. */
function Player({ recordingId }: { recordingId: string }) {
  const mayPlay = mayCompileWebAssembly();
  useEffect(() => {
    if (!mayPlay) window.location.reload();
  }, [mayPlay]);
  return mayPlay ? <Playback recordingId={recordingId} /> : <Skeleton height={420} radius="md" />;
}
