import { TabLinks } from "../design/parts";

export const ToolTabs = ({ here }: { here: string }) => <TabLinks label="Tools" here={here} tabs={[{ href: "/tools", title: "Connected" }, { href: "/tools/catalogue", title: "Catalogue" }]} />;
