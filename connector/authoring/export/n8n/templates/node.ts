import {{ NodeConnectionTypes, type INodeType, type INodeTypeDescription }} from 'n8n-workflow';
import {{ hostOf }} from './host';

const host = hostOf({credential});

export class {name} implements INodeType {{
	description: INodeTypeDescription = {description};
}}
