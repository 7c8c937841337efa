/** The frame of every page: title, one sentence or count, the primary action at the right, then content. */
import { type ReactNode, useEffect } from 'react';

interface PageProps {
  title: ReactNode;
  /** For the tab of the browser, where the title is no text. */
  name?: string;
  icon?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Above the title: where this page hangs. */
  above?: ReactNode;
  children: ReactNode;
}

export function Page({ title, name, icon, lead, actions, above, children }: PageProps) {
  const text = name ?? (typeof title === 'string' ? title : '');
  useEffect(() => {
    document.title = text ? `${text} · Sandglass` : 'Sandglass';
  }, [text]);
  return (
    <div className="sg-page">
      {above && <div className="sg-page-above">{above}</div>}
      <header className="sg-page-head">
        <div className="sg-page-title">
          <h1>
            {icon && <span aria-hidden="true">{icon} </span>}
            {title}
          </h1>
          {lead && <p>{lead}</p>}
        </div>
        {actions && <div className="sg-page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
