import type {{
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
}} from 'n8n-workflow';

export class {name} implements ICredentialType {{
{fields}
}}
