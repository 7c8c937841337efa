/** Something secret that is shown this once. */
import { Button, CopyButton } from '@mantine/core';
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs';
import { useTranslation } from 'react-i18next';

export function Once({ text, children, done }: { text: string; children: string; done: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="sg-note sg-once" role="status">
      <p>{children}</p>
      <code>{text}</code>
      <div className="sg-once-buttons">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={copy}>
              {copied ? t('parts.copied') : t('parts.copy')}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={done}>
          {t('access_pages.done')}
        </Button>
      </div>
    </div>
  );
}

/** Where the link of an invitation leads; the token stands where no server and no log sees it. */
export const invitationLink = (token: string, name: string) =>
  `${window.location.origin}/invitation#${new URLSearchParams({ token, name })}`;
