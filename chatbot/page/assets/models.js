// Lists the models of the chosen provider. The server sends a list when the page was loaded, and when a provider was
// chosen, which Gradio tells twice, and again whenever the field is left: the model that was chosen or typed meanwhile
// stays, unless the provider has changed.
(arriving, listed, provider, model) => {
  const as_it_is = { __type__: "update" };
  if (!arriving || arriving.provider !== provider) return [as_it_is, as_it_is];
  const choices = arriving.models.map((name) => [name, name]);
  const is_kept = provider === listed && model;
  return [{ __type__: "update", choices, ...(is_kept ? {} : { value: arriving.models[0] ?? "" }) }, provider];
}
