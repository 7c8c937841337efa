import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';

/** Templates to choose from, by category. One that is not ready says why. */
export function TemplateCards({ templates, pick }: { templates: Template[]; pick: (template: Template) => void }) {
  const { t } = useTranslation();
  const sorted = [...templates].sort((a, b) => a.category.localeCompare(b.category) || a.name.localeCompare(b.name));
  return (
    <div className="sg-cards">
      {sorted.map((template) => {
        const ready = template.state === 'ready';
        return (
          <button
            key={template.type}
            type="button"
            className="sg-card"
            disabled={!ready}
            onClick={() => pick(template)}
          >
            <span className="sg-card-icon" aria-hidden="true">
              {template.icon}
            </span>
            <strong>{template.name}</strong>
            <span>{template.description}</span>
            <span className="sg-soft">
              {ready ? template.category : `${t(`template_state.${template.state}`)} · ${template.state_reason ?? ''}`}
            </span>
          </button>
        );
      })}
    </div>
  );
}
